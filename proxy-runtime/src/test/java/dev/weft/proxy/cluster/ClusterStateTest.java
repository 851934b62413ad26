package dev.weft.proxy.cluster;

import static dev.weft.proxy.balance.TestCluster.address;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.TestCluster;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.Limits;
import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.config.OutlierRules.Consecutive;
import dev.weft.proxy.config.OutlierRules.Ejection;
import dev.weft.proxy.config.OutlierRules.FailurePercentage;
import dev.weft.proxy.config.OutlierRules.SuccessRate;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.testing.NoMesh;
import dev.weft.proxy.testing.Untold;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
    private final EmbeddedChannel aside = new EmbeddedChannel();
    private final TestCluster config =
            new TestCluster(new Balancing.RoundRobin(SlowStart.NONE)).healthy(1, 4);

    @AfterEach
    void close() {
        aside.finishAndReleaseAll();
    }

    @Test
    void an_ejection_takes_effect_at_once_and_ends_by_itself() {
        var state = watched();

        fail(state, 1);
        assertThat(picked(state)).containsExactlyInAnyOrder(2, 3, 4);

        pass(Duration.ofSeconds(20));
        assertThat(picked(state)).containsExactlyInAnyOrder(2, 3, 4);
        pass(Duration.ofSeconds(11));
        assertThat(picked(state)).containsExactlyInAnyOrder(1, 2, 3, 4);
    }

    @Test
    void endpoints_that_stay_keep_their_ejection_and_counts() {
        var state = watched();
        fail(state, 1);
        state.endpoint(address(2)).vitals().began();
        var before = state.endpoint(address(2));

        config.healthy(5, 5);
        state.update(config.table());

        assertThat(picked(state)).containsExactlyInAnyOrder(2, 3, 4, 5);
        assertThat(state.endpoint(address(2))).isSameAs(before);
        assertThat(before.vitals().active()).isEqualTo(1);
    }

    @Test
    void an_endpoint_that_was_away_begins_anew() {
        var state = watched();
        fail(state, 1);
        var groups = java.util.List.copyOf(config.groups);

        config.groups.clear();
        config.healthy(2, 4);
        state.update(config.table());
        config.groups.clear();
        config.groups.addAll(groups);
        state.update(config.table());

        assertThat(picked(state)).containsExactlyInAnyOrder(1, 2, 3, 4);
    }

    @Test
    void without_outlier_detection_nobody_is_out() {
        var state = watched();
        fail(state, 1);

        config.outliers = null;
        state.update(config.table());

        assertThat(picked(state)).containsExactlyInAnyOrder(1, 2, 3, 4);
        assertThat(aside.hasPendingTasks()).isFalse();
    }

    @Test
    void new_limits_hold_for_what_there_is_already() {
        config.limits = new Limits(1, 1, 2, Limits.Retries.DEFAULT, Integer.MAX_VALUE);
        var state = state();
        var requests = state.breaker(RoutePriority.DEFAULT).requests();
        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isFalse();

        config.limits = new Limits(1, 1, 3, Limits.Retries.DEFAULT, Integer.MAX_VALUE);
        state.update(config.table());

        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isFalse();
    }

    private ClusterState watched() {
        config.outliers =
                new OutlierRules(
                        new Consecutive(3, 100),
                        new Consecutive(5, 0),
                        new Consecutive(5, 100),
                        false,
                        new SuccessRate(5, 100, 1.9, 0, 0),
                        new FailurePercentage(85, 5, 50, 0, 0),
                        Duration.ofSeconds(10),
                        new Ejection(
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(300),
                                Duration.ZERO,
                                50,
                                false,
                                true));
        return state();
    }

    private ClusterState state() {
        return new ClusterState(
                config.table(),
                new Aside(
                        aside.eventLoop(),
                        new Connector(aside.eventLoop(), new NoMesh()),
                        new LocalAddresses(Set.of()),
                        new Untold()),
                () -> config.nanos);
    }

    private void fail(ClusterState state, int number) {
        for (int i = 0; i < 3; i++) {
            state.endpoint(address(number)).answered(500, 0);
        }
        aside.runPendingTasks();
    }

    private void pass(Duration time) {
        config.nanos += time.toNanos();
        aside.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        aside.runScheduledPendingTasks();
    }

    private Set<Integer> picked(ClusterState state) {
        var picked = new HashSet<Integer>();
        for (int i = 0; i < 100; i++) {
            var host =
                    Objects.requireNonNull(
                            state.balancer().pick(0, config.random, Set.of()), "somebody");
            picked.add(host.target().address().getAddress().getAddress()[3] & 0xff);
        }
        return picked;
    }
}
