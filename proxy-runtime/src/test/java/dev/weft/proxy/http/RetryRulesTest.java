package dev.weft.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.cluster.UpstreamStream.End;
import dev.weft.proxy.route.BackOff;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.RetryPolicy.On;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RetryRulesTest {
    private final RetryPolicy mesh =
            new RetryPolicy(
                    Set.of(On.CONNECT_FAILURE, On.REFUSED_STREAM, On.RESET_BEFORE_REQUEST),
                    2,
                    List.of(),
                    Set.of(),
                    List.of(),
                    Duration.ZERO,
                    BackOff.DEFAULT);

    @Test
    void a_reused_connection_that_ends_is_retried_only_for_idempotent_methods() {
        assertThat(RetryRules.afterEnd(mesh, End.CLOSED, true, true, "GET")).isTrue();
        assertThat(RetryRules.afterEnd(mesh, End.CLOSED, true, true, "POST")).isFalse();
        assertThat(RetryRules.afterEnd(mesh, End.CLOSED, true, false, "GET")).isFalse();
    }

    @Test
    void what_the_endpoint_has_not_looked_at_is_retried_whatever_it_is() {
        assertThat(RetryRules.afterEnd(mesh, End.REFUSED, true, true, "POST")).isTrue();
        assertThat(RetryRules.afterConnectFailure(mesh)).isTrue();
        assertThat(RetryRules.afterEnd(mesh, End.RESET, true, true, "GET")).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"SERVER_ERROR", "GATEWAY_ERROR", "RESET"})
    void an_endpoint_that_does_not_answer_at_all_is_left_for_another(On word) {
        var policy = on(word);

        for (var how : List.of(End.REFUSED, End.RESET, End.CLOSED, End.MALFORMED)) {
            assertThat(RetryRules.afterEnd(policy, how, true, false, "POST")).isTrue();
        }
        assertThat(RetryRules.afterConnectFailure(policy)).isTrue();
        assertThat(RetryRules.afterSilence(policy)).isTrue();
        assertThat(RetryRules.afterEnd(policy, End.TOO_LARGE, false, false, "GET")).isFalse();
    }

    private static RetryPolicy on(On word) {
        return new RetryPolicy(
                Set.of(word), 2, List.of(), Set.of(), List.of(), Duration.ZERO, BackOff.DEFAULT);
    }

    @Test
    void nothing_is_retried_without_a_policy() {
        assertThat(RetryRules.afterConnectFailure(RetryPolicy.NEVER)).isFalse();
        assertThat(RetryRules.afterEnd(RetryPolicy.NEVER, End.REFUSED, false, true, "GET"))
                .isFalse();
    }

    @Test
    void pauses_stay_within_their_limits() {
        var random = new Random(1);
        for (int attempt = 1; attempt < 40; attempt++) {
            assertThat(RetryRules.pause(mesh, attempt, random))
                    .isBetween(Duration.ZERO, Duration.ofMillis(250));
        }
    }
}
