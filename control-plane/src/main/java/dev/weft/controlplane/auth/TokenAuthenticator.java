package dev.weft.controlplane.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides by TokenReview whose token it is. Answers are kept by the token's hash, never by the
/// token.
///
/// The API server is asked at most [#REVIEWS_PER_SECOND] times a second after a burst, and once at
/// a time for one token: a control plane that starts under a thousand proxies must not lean on it
/// all at once.
public final class TokenAuthenticator {
    static final int MAX_TOKEN_CHARS = 16 * 1024;
    static final int MAX_KEPT = 20_000;
    static final int REVIEWS_PER_SECOND = 50;
    static final int BURST = 200;

    /// A pod that is gone loses its token in the API server; here after this time at the latest.
    static final Duration KEPT_AT_MOST = Duration.ofMinutes(5);

    static final Duration KEPT_WHEN_BAD = Duration.ofSeconds(10);
    static final Duration BEFORE_EXPIRY = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(TokenAuthenticator.class);
    private static final Pattern SERVICE_ACCOUNT =
            Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final TokenReviews reviews;
    private final String audience;
    private final InstantSource clock;
    private final ReviewBudget budget;
    private final ConcurrentHashMap<String, ReentrantLock> asking = new ConcurrentHashMap<>();
    private final Map<String, Kept> kept =
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
                    return size() > MAX_KEPT;
                }
            };

    public TokenAuthenticator(TokenReviews reviews, String audience, InstantSource clock) {
        this.reviews = reviews;
        this.audience = audience;
        this.clock = clock;
        this.budget = new ReviewBudget(clock.instant());
    }

    /// Blocks while the API server is asked.
    public Credential authenticate(String token) {
        if (token.isEmpty() || token.length() > MAX_TOKEN_CHARS) {
            return new Credential.Rejected("the bearer token is empty or far too long.");
        }
        var hash = hash(token);
        var known = lookUp(hash);
        if (known.isPresent()) {
            return known.get();
        }
        var turn = asking.computeIfAbsent(hash, ignored -> new ReentrantLock());
        turn.lock();
        try {
            return lookUp(hash).orElseGet(() -> ask(token, hash));
        } finally {
            asking.remove(hash, turn);
            turn.unlock();
        }
    }

    private Credential ask(String token, String hash) {
        if (!budget.take(clock.instant())) {
            return new Credential.Undecided(
                    "too many tokens are being reviewed, at most "
                            + REVIEWS_PER_SECOND
                            + " a second: try again.");
        }
        TokenReviews.Review review;
        try {
            review = reviews.review(token, audience);
        } catch (RuntimeException e) {
            LOG.warn("the API server did not review a token: {}", e.getMessage());
            return new Credential.Undecided("the API server did not review the token: try again.");
        }
        var now = clock.instant();
        return switch (judge(review, token)) {
            case Credential.Accepted accepted -> keep(hash, accepted, keepUntil(token, now));
            case Credential.Rejected rejected -> keep(hash, rejected, now.plus(KEPT_WHEN_BAD));
            case Credential.Undecided undecided -> undecided;
        };
    }

    private Credential judge(TokenReviews.Review review, String token) {
        return switch (review) {
            case TokenReviews.Review.Bad(var why) -> rejected(why, token);
            case TokenReviews.Review.Good good -> {
                var account = SERVICE_ACCOUNT.matcher(good.username());
                if (!good.audiences().contains(audience)) {
                    yield rejected(
                            "the API server does not say that it is for this audience.", token);
                }
                if (!account.matches() || good.pod().isEmpty() || good.podUid().isEmpty()) {
                    yield new Credential.Rejected(
                            "the token of "
                                    + good.username()
                                    + " is not bound to a pod: use the projected token that the webhook mounts at"
                                    + " /var/run/secrets/weft/token.");
                }
                yield new Credential.Accepted(
                        new PodIdentity(
                                account.group(1),
                                good.pod().get(),
                                good.podUid().get(),
                                account.group(2)));
            }
        };
    }

    /// The claims are read only to find the better words: the API server has refused the token
    /// already.
    private Credential.Rejected rejected(String why, String token) {
        var claimed =
                claims(token).map(claims -> claims.path("aud")).filter(aud -> !aud.isMissingNode());
        if (claimed.isPresent() && !names(claimed.get())) {
            return new Credential.Rejected(
                    "the token is for audience "
                            + printable(claimed.get().toString())
                            + ", not for "
                            + audience
                            + ": use the projected token that the webhook mounts at /var/run/secrets/weft/token.");
        }
        return new Credential.Rejected("the token is not accepted: " + printable(why));
    }

    private boolean names(JsonNode aud) {
        if (aud.isTextual()) {
            return aud.asText().equals(audience);
        }
        for (var one : aud) {
            if (one.asText().equals(audience)) {
                return true;
            }
        }
        return false;
    }

    private static Instant keepUntil(String token, Instant now) {
        var latest = now.plus(KEPT_AT_MOST);
        return claims(token)
                .map(claims -> claims.path("exp"))
                .filter(JsonNode::canConvertToLong)
                .map(exp -> Instant.ofEpochSecond(exp.asLong()).minus(BEFORE_EXPIRY))
                .filter(end -> end.isBefore(latest))
                .orElse(latest);
    }

    private static Optional<JsonNode> claims(String token) {
        var parts = token.split("\\.", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readTree(Base64.getUrlDecoder().decode(parts[1])));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Optional<Credential> lookUp(String hash) {
        synchronized (kept) {
            var found = kept.get(hash);
            return found != null && clock.instant().isBefore(found.until())
                    ? Optional.of(found.credential())
                    : Optional.empty();
        }
    }

    private Credential keep(String hash, Credential credential, Instant until) {
        synchronized (kept) {
            kept.put(hash, new Kept(credential, until));
        }
        return credential;
    }

    private static String hash(String token) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no SHA-256", e);
        }
    }

    private static String printable(String text) {
        var cleaned = text.replaceAll("\\p{Cntrl}", "?");
        return cleaned.length() <= 200 ? cleaned : cleaned.substring(0, 200) + "…";
    }

    private record Kept(Credential credential, Instant until) {}

    /// A bucket of reviews that fills with time.
    private static final class ReviewBudget {
        private double tokens = BURST;
        private Instant filledAt;

        ReviewBudget(Instant now) {
            filledAt = now;
        }

        synchronized boolean take(Instant now) {
            var seconds = Math.max(0, Duration.between(filledAt, now).toMillis()) / 1000.0;
            tokens = Math.min(BURST, tokens + seconds * REVIEWS_PER_SECOND);
            filledAt = now;
            if (tokens < 1) {
                return false;
            }
            tokens -= 1;
            return true;
        }
    }
}
