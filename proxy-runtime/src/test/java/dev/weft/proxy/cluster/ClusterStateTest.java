package dev.weft.proxy.cluster;

import static dev.weft.proxy.balance.TestCluster.address;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.TestCluster;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.Limits;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
    private final TestCluster config =
            new TestCluster(new Balancing.RoundRobin(SlowStart.NONE)).healthy(1, 4);

    @Test
    void endpoints_that_stay_keep_their_counts() {
        var state = state();
        state.endpoint(address(2)).vitals().began();
        var before = state.endpoint(address(2));

        config.healthy(5, 5);
        state.update(config.table());

        assertThat(state.endpoint(address(2))).isSameAs(before);
        assertThat(before.vitals().active()).isEqualTo(1);
    }

    @Test
    void new_limits_hold_for_what_there_is_already() {
        config.limits = new Limits(1, 1, 2, Limits.Retries.DEFAULT, Integer.MAX_VALUE);
        var state = state();
        var requests = state.breaker().requests();
        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isFalse();

        config.limits = new Limits(1, 1, 3, Limits.Retries.DEFAULT, Integer.MAX_VALUE);
        state.update(config.table());

        assertThat(requests.tryTake()).isTrue();
        assertThat(requests.tryTake()).isFalse();
    }

    private ClusterState state() {
        return new ClusterState(config.table(), () -> config.nanos);
    }
}
