package dev.weft.controlplane.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weft.controlplane.ManualClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenAuthenticatorTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final String AUDIENCE = "weft.dev/control-plane";
    private static final TokenReviews.Review GOOD =
            new TokenReviews.Review.Good(
                    "system:serviceaccount:shop:cart",
                    List.of(AUDIENCE),
                    Optional.of("cart-7"),
                    Optional.of("uid-7"));

    private final ManualClock clock = new ManualClock(NOW);
    private final ApiServer apiServer = new ApiServer();
    private final TokenAuthenticator tokens = new TokenAuthenticator(apiServer, AUDIENCE, clock);

    @Test
    void the_pod_is_the_one_that_the_review_names() {
        assertThat(tokens.authenticate(token(AUDIENCE, NOW.plusSeconds(3600))))
                .isEqualTo(
                        new Credential.Accepted(
                                new PodIdentity("shop", "cart-7", "uid-7", "cart")));
    }

    @Test
    void a_token_is_reviewed_once_until_shortly_before_it_expires() {
        var token = token(AUDIENCE, NOW.plusSeconds(100));
        tokens.authenticate(token);

        clock.advance(Duration.ofSeconds(89));
        tokens.authenticate(token);
        assertThat(apiServer.asked).hasSize(1);

        clock.advance(Duration.ofSeconds(2));
        apiServer.answer = new TokenReviews.Review.Bad("token has expired");
        assertThat(tokens.authenticate(token)).isInstanceOf(Credential.Rejected.class);
        assertThat(apiServer.asked).hasSize(2);
    }

    @Test
    void a_long_token_is_reviewed_again_because_its_pod_may_be_gone() {
        var token = token(AUDIENCE, NOW.plus(Duration.ofHours(24)));
        tokens.authenticate(token);

        clock.advance(TokenAuthenticator.KEPT_AT_MOST);
        tokens.authenticate(token);

        assertThat(apiServer.asked).hasSize(2);
    }

    @Test
    void a_token_of_another_audience_is_refused_by_name() {
        apiServer.answer = new TokenReviews.Review.Bad("token audiences [...] is invalid");

        assertThat(
                        tokens.authenticate(
                                token("https://kubernetes.default.svc", NOW.plusSeconds(3600))))
                .asInstanceOf(type(Credential.Rejected.class))
                .extracting(Credential.Rejected::why)
                .asString()
                .contains(
                        "for audience \"https://kubernetes.default.svc\", not for weft.dev/control-plane")
                .contains("/var/run/secrets/weft/token");
    }

    @Test
    void a_review_that_does_not_confirm_the_audience_is_no_proof() {
        apiServer.answer =
                new TokenReviews.Review.Good(
                        "system:serviceaccount:shop:cart",
                        List.of(),
                        Optional.of("cart-7"),
                        Optional.of("uid-7"));

        assertThat(tokens.authenticate(token(AUDIENCE, NOW.plusSeconds(3600))))
                .isInstanceOf(Credential.Rejected.class);
    }

    @Test
    void a_token_that_is_bound_to_no_pod_or_is_a_persons_is_refused() {
        apiServer.answer =
                new TokenReviews.Review.Good(
                        "system:serviceaccount:shop:cart",
                        List.of(AUDIENCE),
                        Optional.empty(),
                        Optional.empty());
        assertThat(tokens.authenticate(token(AUDIENCE, NOW.plusSeconds(1000))))
                .isInstanceOf(Credential.Rejected.class);

        apiServer.answer =
                new TokenReviews.Review.Good(
                        "alice", List.of(AUDIENCE), Optional.of("cart-7"), Optional.of("uid-7"));
        assertThat(tokens.authenticate(token(AUDIENCE, NOW.plusSeconds(2000))))
                .isInstanceOf(Credential.Rejected.class);
    }

    @Test
    void a_bad_token_is_remembered_for_a_moment_only() {
        var token = token(AUDIENCE, NOW.plusSeconds(3600));
        apiServer.answer = new TokenReviews.Review.Bad("not yet known");
        tokens.authenticate(token);
        tokens.authenticate(token);
        assertThat(apiServer.asked).hasSize(1);

        clock.advance(TokenAuthenticator.KEPT_WHEN_BAD);
        apiServer.answer = GOOD;
        assertThat(tokens.authenticate(token)).isInstanceOf(Credential.Accepted.class);
    }

    @Test
    void an_api_server_that_does_not_answer_decides_nothing() {
        apiServer.answer = null;
        var token = token(AUDIENCE, NOW.plusSeconds(3600));
        assertThat(tokens.authenticate(token)).isInstanceOf(Credential.Undecided.class);

        apiServer.answer = GOOD;
        assertThat(tokens.authenticate(token)).isInstanceOf(Credential.Accepted.class);
    }

    @Test
    void a_flood_of_tokens_reaches_the_api_server_at_a_bounded_rate() {
        for (var n = 0; n < TokenAuthenticator.BURST; n++) {
            assertThat(tokens.authenticate("token-" + n)).isInstanceOf(Credential.Accepted.class);
        }
        assertThat(tokens.authenticate("one-more")).isInstanceOf(Credential.Undecided.class);
        assertThat(tokens.authenticate("token-0"))
                .as("known already")
                .isInstanceOf(Credential.Accepted.class);

        clock.advance(Duration.ofMillis(1000 / TokenAuthenticator.REVIEWS_PER_SECOND));
        assertThat(tokens.authenticate("one-more")).isInstanceOf(Credential.Accepted.class);
    }

    @Test
    void what_is_no_token_is_never_sent_to_the_api_server() {
        assertThat(tokens.authenticate("")).isInstanceOf(Credential.Rejected.class);
        assertThat(tokens.authenticate("x".repeat(TokenAuthenticator.MAX_TOKEN_CHARS + 1)))
                .isInstanceOf(Credential.Rejected.class);
        assertThat(apiServer.asked).isEmpty();
    }

    static String token(String audience, Instant expiry) {
        var claims = "{\"aud\":\"" + audience + "\",\"exp\":" + expiry.getEpochSecond() + "}";
        return "e30."
                + Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".c2ln";
    }

    private static final class ApiServer implements TokenReviews {
        private final List<String> asked = new ArrayList<>();
        private @org.jspecify.annotations.Nullable Review answer = GOOD;

        @Override
        public Review review(String token, String audience) {
            asked.add(token);
            if (answer == null) {
                throw new IllegalStateException("connection refused");
            }
            return answer;
        }
    }
}
