package dev.weft.controlplane.ca;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class SigningBudgetTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private final SigningBudget budget = new SigningBudget();

    @Test
    void a_pod_has_a_burst_and_then_one_at_each_interval() {
        burst("a");

        assertThat(budget.take("a", NOW)).isFalse();
        assertThat(budget.take("a", NOW.plus(SigningBudget.INTERVAL))).isTrue();
        assertThat(budget.take("a", NOW.plus(SigningBudget.INTERVAL))).isFalse();
    }

    @Test
    void one_pods_greed_is_not_anothers() {
        burst("a");

        assertThat(budget.take("b", NOW)).isTrue();
    }

    @Test
    void leaves_of_a_minute_renewed_at_half_of_it_never_reach_the_limit() {
        for (var round = 0; round < 100; round++) {
            assertThat(budget.take("a", NOW.plusSeconds(30L * round))).isTrue();
        }
    }

    private void burst(String pod) {
        for (var request = 0; request < SigningBudget.BURST; request++) {
            assertThat(budget.take(pod, NOW)).isTrue();
        }
    }
}
