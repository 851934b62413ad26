package dev.weft.proxy.outlier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.config.OutlierRules.Consecutive;
import dev.weft.proxy.config.OutlierRules.Ejection;
import dev.weft.proxy.config.OutlierRules.FailurePercentage;
import dev.weft.proxy.config.OutlierRules.SuccessRate;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OutlierDetectorTest {
    private Consecutive serverErrors = new Consecutive(5, 100);
    private Consecutive gatewayFailures = new Consecutive(5, 0);
    private Consecutive localFailures = new Consecutive(5, 100);
    private boolean splitLocal;
    private int successRateEnforcing;
    private int failureEnforcing;
    private int localFailureEnforcing;
    private int atMostPercent = 100;
    private boolean alwaysOne;
    private boolean endsByCheck = true;

    private final List<Vitals> vitals = new ArrayList<>();
    private final List<OutlierMonitor> monitors = new ArrayList<>();
    private OutlierDetector detector = detector();
    private long nanos;

    @Test
    void five_server_errors_in_a_row_eject() {
        endpoints(2);

        answers(0, 500, 4);
        answers(0, 200, 1);
        answers(0, 500, 4);
        assertThat(out()).isEmpty();
        answers(0, 500, 1);

        assertThat(out()).containsExactly(0);
    }

    @Test
    void a_finding_that_is_not_enforced_ejects_nobody() {
        serverErrors = new Consecutive(5, 0);
        endpoints(2);

        answers(0, 500, 20);

        assertThat(out()).isEmpty();
    }

    @Test
    void gateway_failures_are_counted_apart_from_other_server_errors() {
        gatewayFailures = new Consecutive(2, 100);
        endpoints(2);

        answers(0, 503, 1);
        answers(0, 500, 1);
        answers(0, 502, 1);
        assertThat(out()).isEmpty();
        answers(0, 504, 1);

        assertThat(out()).containsExactly(0);
    }

    @Test
    void failures_on_this_side_count_as_server_errors_unless_they_are_split() {
        endpoints(2);

        fails(0, Failure.NOT_CONNECTED, 4);
        fails(0, Failure.TIMED_OUT, 1);

        assertThat(out()).containsExactly(0);
    }

    @Test
    void split_failures_on_this_side_have_a_run_of_their_own() {
        splitLocal = true;
        serverErrors = new Consecutive(3, 100);
        localFailures = new Consecutive(4, 100);
        endpoints(2);

        fails(0, Failure.NOT_CONNECTED, 3);
        monitors.get(0).connected(true);
        fails(0, Failure.TIMED_OUT, 3);
        answers(0, 500, 2);
        assertThat(out()).isEmpty();
        fails(0, Failure.RESET, 1);

        assertThat(out()).containsExactly(0);
    }

    @Test
    void an_endpoint_comes_back_after_its_time_and_each_time_is_longer() {
        endpoints(2);
        answers(0, 500, 5);

        sweepAfter(29);
        assertThat(out()).containsExactly(0);
        sweepAfter(1);
        assertThat(out()).isEmpty();

        answers(0, 500, 5);
        sweepAfter(59);
        assertThat(out()).containsExactly(0);
        sweepAfter(1);
        assertThat(out()).isEmpty();
    }

    @Test
    void no_time_is_longer_than_the_longest() {
        endpoints(2);
        for (int i = 0; i < 20; i++) {
            answers(0, 500, 5);
            sweepAfter(100);
            assertThat(out()).as("time %d", i).isEmpty();
        }
    }

    @Test
    void times_become_shorter_again_while_an_endpoint_does_well() {
        endpoints(2);
        answers(0, 500, 5);
        sweepAfter(30);
        sweepAfter(10);

        answers(0, 500, 5);
        sweepAfter(30);

        assertThat(out()).isEmpty();
    }

    @Test
    void no_more_are_out_than_the_share_that_may_be() {
        atMostPercent = 50;
        endpoints(5);
        for (int i = 0; i < 5; i++) {
            answers(i, 500, 5);
        }

        assertThat(out()).containsExactly(0, 1);
    }

    @Test
    void ten_percent_of_few_endpoints_is_nobody_unless_one_may_always_be_out() {
        atMostPercent = 10;
        endpoints(5);
        answers(0, 500, 5);
        assertThat(out()).isEmpty();

        alwaysOne = true;
        detector.follow(rules());
        answers(0, 500, 5);
        answers(1, 500, 5);

        assertThat(out()).containsExactly(0);
    }

    @Test
    void who_succeeds_much_less_often_than_the_others_is_ejected() {
        serverErrors = new Consecutive(1000, 100);
        successRateEnforcing = 100;
        endpoints(5);
        for (int i = 0; i < 5; i++) {
            answers(i, 200, i == 3 ? 60 : 99);
            answers(i, 500, i == 3 ? 40 : 1);
        }

        sweepAfter(10);

        assertThat(out()).containsExactly(3);
    }

    @Test
    void success_rates_are_not_judged_with_too_few_requests_or_endpoints() {
        serverErrors = new Consecutive(1000, 100);
        successRateEnforcing = 100;
        endpoints(5);
        for (int i = 0; i < 5; i++) {
            answers(i, i == 3 ? 500 : 200, i == 1 ? 99 : 100);
        }

        sweepAfter(10);

        assertThat(out()).isEmpty();
    }

    @Test
    void who_fails_too_large_a_share_of_its_requests_is_ejected() {
        serverErrors = new Consecutive(1000, 100);
        failureEnforcing = 100;
        endpoints(5);
        for (int i = 0; i < 5; i++) {
            answers(i, 200, i == 2 ? 7 : 9);
            answers(i, 500, i == 2 ? 43 : 41);
        }

        sweepAfter(10);

        assertThat(out()).containsExactly(2);
    }

    @Test
    void shares_of_failures_on_this_side_are_judged_apart() {
        splitLocal = true;
        localFailures = new Consecutive(1000, 100);
        localFailureEnforcing = 100;
        endpoints(5);
        for (int i = 0; i < 5; i++) {
            for (int n = 0; n < 50; n++) {
                if (i == 4) {
                    fails(i, Failure.NOT_CONNECTED, 1);
                } else {
                    monitors.get(i).connected(true);
                }
            }
        }

        sweepAfter(10);

        assertThat(out()).containsExactly(4);
    }

    @Test
    void each_interval_is_judged_alone() {
        serverErrors = new Consecutive(1000, 100);
        failureEnforcing = 100;
        endpoints(5);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 5; i++) {
                answers(i, 500, 49);
            }
            sweepAfter(10);
        }

        assertThat(out()).isEmpty();
    }

    @Test
    void a_passed_health_check_brings_an_endpoint_back_unless_it_must_not() {
        endpoints(4);
        answers(0, 500, 5);
        answers(1, 500, 5);

        assertThat(detector.passed(monitors.get(0))).isTrue();
        assertThat(detector.passed(monitors.get(2))).isFalse();
        assertThat(out()).containsExactly(1);

        endsByCheck = false;
        detector.follow(rules());
        assertThat(detector.passed(monitors.get(1))).isFalse();
        assertThat(out()).containsExactly(1);
    }

    private void endpoints(int count) {
        detector = detector();
        for (int i = 0; i < count; i++) {
            vitals.add(new Vitals(0));
            monitors.add(
                    new OutlierMonitor(
                            vitals.get(i),
                            rules(),
                            (monitor, run) -> detector.found(monitor, run, monitors, nanos)));
        }
    }

    private void answers(int endpoint, int status, int times) {
        for (int i = 0; i < times; i++) {
            monitors.get(endpoint).answered(status);
        }
    }

    private void fails(int endpoint, Failure failure, int times) {
        for (int i = 0; i < times; i++) {
            monitors.get(endpoint).failed(failure);
        }
    }

    private void sweepAfter(long seconds) {
        nanos += Duration.ofSeconds(seconds).toNanos();
        detector.sweep(monitors, nanos);
    }

    private List<Integer> out() {
        var out = new ArrayList<Integer>();
        for (int i = 0; i < vitals.size(); i++) {
            if (vitals.get(i).isEjected()) {
                out.add(i);
            }
        }
        return out;
    }

    private OutlierDetector detector() {
        return new OutlierDetector(rules(), new SplittableRandom(1));
    }

    private OutlierRules rules() {
        return new OutlierRules(
                serverErrors,
                gatewayFailures,
                localFailures,
                splitLocal,
                new SuccessRate(5, 100, 1.9, successRateEnforcing, successRateEnforcing),
                new FailurePercentage(85, 5, 50, failureEnforcing, localFailureEnforcing),
                Duration.ofSeconds(10),
                new Ejection(
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(100),
                        Duration.ZERO,
                        atMostPercent,
                        alwaysOne,
                        endsByCheck));
    }
}
