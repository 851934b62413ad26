package dev.weft.proxy.balance;

import static dev.weft.proxy.balance.TestCluster.endpoint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoadBalancerTest {
    private static final int PICKS = 100_000;
    private static final Balancing.RoundRobin ROUND_ROBIN =
            new Balancing.RoundRobin(SlowStart.NONE);

    private final TestCluster cluster = new TestCluster(ROUND_ROBIN);

    @Test
    void a_cluster_without_endpoints_has_nobody() {
        assertThat(cluster.pick(cluster.balancer(), 0)).isZero();
    }

    @Test
    void a_draining_endpoint_gets_nothing_while_another_is_healthy() {
        cluster.group(0, 0, endpoint(1, 1, Health.DRAINING), endpoint(2));

        assertThat(cluster.picks(cluster.balancer(), 10)[2]).isEqualTo(10);
    }

    @Test
    void draining_endpoints_are_no_reason_for_panic() {
        cluster.group(
                0,
                0,
                endpoint(1, 1, Health.DRAINING),
                endpoint(2, 1, Health.DRAINING),
                endpoint(3, 1, Health.DRAINING),
                endpoint(4));

        assertThat(cluster.picks(cluster.balancer(), 10)[4]).isEqualTo(10);
    }

    @Test
    void endpoints_that_all_drain_are_used() {
        cluster.group(
                0,
                0,
                endpoint(1, 1, Health.DRAINING),
                endpoint(2, 1, Health.DRAINING),
                endpoint(3, 1, Health.UNHEALTHY));
        var balancer = cluster.balancer();

        assertThat(cluster.picks(balancer, 10)).startsWith(0, 5, 5, 0);
        assertThat(balancer.targets()).contains(target(1), target(2));
    }

    @Test
    void draining_endpoints_are_no_targets_while_they_are_not_used() {
        cluster.group(0, 0, endpoint(1, 1, Health.DRAINING), endpoint(2));

        assertThat(cluster.balancer().targets()).containsExactly(target(2));
    }

    @Test
    void an_ejected_endpoint_gets_nothing() {
        cluster.healthy(1, 3);
        cluster.vitals(2).eject(true);

        assertThat(cluster.picks(cluster.balancer(), 10)).startsWith(0, 5, 0, 5);
    }

    @Test
    void in_panic_all_get_some() {
        cluster.healthy(1, 3);
        cluster.vitals(2).eject(true);
        cluster.vitals(3).eject(true);

        assertThat(cluster.picks(cluster.balancer(), 9)).startsWith(0, 3, 3, 3);
    }

    @Test
    void endpoints_whose_first_check_is_awaited_are_no_reason_for_panic() {
        cluster.healthy(1, 3);
        cluster.vitals(2).checked(Vitals.Checked.AWAITED);
        cluster.vitals(3).checked(Vitals.Checked.AWAITED);

        assertThat(cluster.picks(cluster.balancer(), 9)).startsWith(0, 9, 0, 0);
    }

    @Test
    void without_a_panic_threshold_the_last_healthy_one_gets_all() {
        cluster.healthy(1, 3);
        cluster.panicPercent = 0;
        cluster.vitals(2).eject(true);
        cluster.vitals(3).eject(true);

        assertThat(cluster.picks(cluster.balancer(), 9)[1]).isEqualTo(9);
        cluster.vitals(1).eject(true);
        assertThat(cluster.pick(cluster.balancer(), 0)).isZero();
    }

    @Test
    void what_a_priority_cannot_take_spills_over_to_the_next() {
        cluster.group(0, 0, endpoint(1), endpoint(2, 1, Health.UNHEALTHY)).group(1, 0, endpoint(3));

        var counts = cluster.picks(cluster.balancer(), PICKS);

        assertThat(counts[1]).isCloseTo(70_000, within(1000));
        assertThat(counts[2]).isZero();
        assertThat(counts[3]).isCloseTo(30_000, within(1000));
    }

    @Test
    void localities_get_requests_by_their_weights() {
        cluster.byLocality = true;
        cluster.group(0, 1, endpoint(1), endpoint(2)).group(0, 3, endpoint(3));

        assertThat(cluster.picks(cluster.balancer(), 8000)).startsWith(0, 1000, 1000, 6000);
    }

    @Test
    void a_locality_of_which_too_few_are_available_passes_on_a_part() {
        cluster.byLocality = true;
        cluster.panicPercent = 0;
        cluster.group(0, 1, endpoint(1), endpoint(2, 1, Health.UNHEALTHY))
                .group(0, 1, endpoint(3), endpoint(4));

        // 1 x 1.4 x 50 % against 1.
        var counts = cluster.picks(cluster.balancer(), 17_000);

        assertThat(counts[1]).isCloseTo(7000, within(20));
        assertThat(counts[3] + counts[4]).isCloseTo(10_000, within(20));
    }

    @Test
    void a_locality_without_weight_gets_nothing_where_localities_are_weighted() {
        cluster.byLocality = true;
        cluster.group(0, 0, endpoint(1)).group(0, 3, endpoint(2));

        assertThat(cluster.picks(cluster.balancer(), 10)[2]).isEqualTo(10);
    }

    @Test
    void an_endpoint_that_failed_the_request_is_taken_only_when_there_is_no_other() {
        cluster.healthy(1, 2);
        var balancer = cluster.balancer();

        for (int i = 0; i < 10; i++) {
            assertThat(but(balancer, Set.of(target(1)))).isEqualTo(2);
            assertThat(but(balancer, Set.of(target(1), target(2)))).isBetween(1, 2);
        }
    }

    @Test
    void a_new_endpoint_gets_more_and_more() {
        var growing = new TestCluster(new Balancing.RoundRobin(slowStart()));
        var old = growing.healthy(1, 1);
        old.balancer();
        growing.nanos = Duration.ofSeconds(100).toNanos();
        growing.healthy(2, 2);
        var balancer = growing.balancer();

        assertThat(shareOfSecond(growing, balancer)).isCloseTo(1 / 11.0, within(0.01));
        growing.nanos += Duration.ofSeconds(5).toNanos();
        assertThat(shareOfSecond(growing, balancer)).isCloseTo(1 / 3.0, within(0.01));
        growing.nanos += Duration.ofSeconds(5).toNanos();
        assertThat(growing.picks(balancer, 1000)).startsWith(0, 500, 500);
    }

    @Test
    void an_endpoint_that_came_back_gets_more_and_more() {
        var growing = new TestCluster(new Balancing.RoundRobin(slowStart())).healthy(1, 2);
        growing.balancer();
        growing.nanos = Duration.ofSeconds(100).toNanos();
        growing.vitals(2).cameBack(growing.nanos);

        assertThat(shareOfSecond(growing, growing.balancer())).isCloseTo(1 / 11.0, within(0.01));
    }

    @Test
    void endpoints_that_are_equally_new_are_equal() {
        var growing = new TestCluster(new Balancing.RoundRobin(slowStart()));
        growing.healthy(1, 4);

        assertThat(growing.picks(growing.balancer(), 400)).startsWith(0, 100, 100, 100, 100);
    }

    @Test
    void least_request_starts_slowly_too() {
        var growing = new TestCluster(new Balancing.LeastRequest(2, 1, false, slowStart()));
        growing.healthy(1, 1);
        growing.balancer();
        growing.nanos = Duration.ofSeconds(100).toNanos();
        growing.healthy(2, 2);
        var balancer = growing.balancer();

        var atFirst = shareOfSecond(growing, balancer);
        growing.nanos += Duration.ofSeconds(5).toNanos();
        var later = shareOfSecond(growing, balancer);
        growing.nanos += Duration.ofSeconds(5).toNanos();

        assertThat(atFirst).isLessThan(0.05);
        assertThat(later).isBetween(0.05, 0.4);
        assertThat(shareOfSecond(growing, balancer)).isCloseTo(0.5, within(0.02));
    }

    private static SlowStart slowStart() {
        return new SlowStart(Duration.ofSeconds(10), 1, 10);
    }

    private static double shareOfSecond(TestCluster cluster, LoadBalancer balancer) {
        return cluster.picks(balancer, 11_000)[2] / 11_000.0;
    }

    private int but(LoadBalancer balancer, Set<Target> avoid) {
        return TestCluster.number(Objects.requireNonNull(balancer.pick(0, cluster.random, avoid)));
    }

    private static Target target(int number) {
        return new Target(TestCluster.address(number), new Transport.Clear());
    }
}
