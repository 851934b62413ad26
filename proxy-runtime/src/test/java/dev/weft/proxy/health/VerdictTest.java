package dev.weft.proxy.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.balance.Vitals.Checked;
import dev.weft.proxy.config.Bytes;
import dev.weft.proxy.config.HealthCheck;
import dev.weft.proxy.config.HealthCheck.Pace;
import dev.weft.proxy.config.HealthCheck.Tcp;
import dev.weft.proxy.health.Verdict.Effect;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private static final Pace PACE =
            new Pace(
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(4),
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(70),
                    Duration.ZERO,
                    Duration.ZERO,
                    0);

    private final HealthCheck rules =
            new HealthCheck(
                    new Tcp(Bytes.NONE, List.of()),
                    Duration.ofSeconds(1),
                    PACE,
                    3,
                    2,
                    true,
                    null,
                    false);
    private final Vitals vitals = new Vitals(0);
    private long nanos = 1000;
    private final Verdict verdict = new Verdict(vitals, () -> nanos);

    @Test
    void the_first_answer_counts_at_once() {
        vitals.checked(Checked.FAILS);

        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.PASSES);
    }

    @Test
    void who_was_taken_to_be_well_is_unwell_after_one_failure() {
        assertThat(hear(Answer.SILENT)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.FAILS);
    }

    @Test
    void who_is_well_again_is_new_again() {
        hear(Answer.PASSED);
        assertThat(vitals.bornNanos()).isZero();

        hear(Answer.FAILED);
        nanos = 2000;
        hear(Answer.PASSED);
        hear(Answer.PASSED);
        hear(Answer.PASSED);
        assertThat(vitals.bornNanos()).isEqualTo(2000);

        nanos = 3000;
        hear(Answer.DEGRADED);
        assertThat(vitals.bornNanos()).isEqualTo(2000);
    }

    @Test
    void silence_counts_only_after_enough_of_it_in_a_row() {
        hear(Answer.PASSED);

        assertThat(hear(Answer.SILENT)).isEqualTo(Effect.PENDING);
        assertThat(hear(Answer.FAILED_FOR_NOW)).isEqualTo(Effect.PENDING);
        hear(Answer.PASSED);
        assertThat(hear(Answer.SILENT)).isEqualTo(Effect.PENDING);
        assertThat(hear(Answer.SILENT)).isEqualTo(Effect.PENDING);
        assertThat(vitals.checked()).isEqualTo(Checked.PASSES);
        assertThat(hear(Answer.SILENT)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.FAILS);
    }

    @Test
    void an_endpoint_that_says_that_it_is_unwell_is_believed_at_once() {
        hear(Answer.PASSED);

        assertThat(hear(Answer.FAILED)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.FAILS);
    }

    @Test
    void who_was_unwell_has_to_pass_often_enough_in_a_row() {
        hear(Answer.FAILED);

        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.PENDING);
        hear(Answer.SILENT);
        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.PENDING);
        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.PASSES);
    }

    @Test
    void an_endpoint_may_pass_and_ask_to_be_spared() {
        hear(Answer.PASSED);

        assertThat(hear(Answer.DEGRADED)).isEqualTo(Effect.CHANGED);
        assertThat(vitals.checked()).isEqualTo(Checked.DEGRADED);
        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.CHANGED);
    }

    @Test
    void a_question_that_could_not_be_asked_says_nothing() {
        vitals.checked(Checked.FAILS);

        assertThat(hear(Answer.UNASKED)).isEqualTo(Effect.NONE);
        assertThat(hear(Answer.PASSED)).isEqualTo(Effect.CHANGED);
    }

    @Test
    void pauses_depend_on_the_answer_and_on_what_it_changed() {
        assertThat(seconds(Answer.PASSED, Effect.NONE, true)).isEqualTo(1);
        assertThat(seconds(Answer.PASSED, Effect.PENDING, true)).isEqualTo(2);
        assertThat(seconds(Answer.SILENT, Effect.NONE, true)).isEqualTo(3);
        assertThat(seconds(Answer.SILENT, Effect.CHANGED, true)).isEqualTo(3);
        assertThat(seconds(Answer.SILENT, Effect.PENDING, true)).isEqualTo(4);
        assertThat(seconds(Answer.SILENT, Effect.NONE, false)).isEqualTo(60);
        assertThat(seconds(Answer.PASSED, Effect.NONE, false)).isEqualTo(70);
        assertThat(seconds(Answer.UNASKED, Effect.NONE, false)).isEqualTo(2);
    }

    @Test
    void jitters_add_to_pauses_and_stay_below_what_they_may_add() {
        var random = new SplittableRandom(7);
        var second = Duration.ofSeconds(1);
        var pace =
                new Pace(
                        second,
                        second,
                        second,
                        second,
                        second,
                        second,
                        Duration.ofMillis(500),
                        Duration.ofMillis(100),
                        20);
        var longest = Duration.ZERO;
        for (int i = 0; i < 1000; i++) {
            assertThat(Pauses.beforeFirst(pace, random)).isLessThan(Duration.ofMillis(500));
            var pause = Pauses.after(Answer.PASSED, Effect.NONE, true, pace, random);
            assertThat(pause).isBetween(second, Duration.ofMillis(1300));
            longest = pause.compareTo(longest) > 0 ? pause : longest;
        }
        assertThat(longest).isGreaterThan(Duration.ofMillis(1200));
    }

    private Effect hear(Answer answer) {
        return verdict.heard(answer, rules);
    }

    private static long seconds(Answer answer, Effect effect, boolean used) {
        return Pauses.after(answer, effect, used, PACE, new SplittableRandom(1)).toSeconds();
    }
}
