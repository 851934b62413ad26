package dev.weft.proxy.balance;

import static dev.weft.proxy.balance.TestCluster.endpoint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.HashFunction;
import dev.weft.proxy.config.Balancing.LeastRequest;
import dev.weft.proxy.config.Balancing.Maglev;
import dev.weft.proxy.config.Balancing.PeakEwma;
import dev.weft.proxy.config.Balancing.Policy;
import dev.weft.proxy.config.Balancing.RingHash;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.hash.Hashes;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PoliciesTest {
    private static final int KEYS = 20_000;
    private static final LeastRequest TWO_CHOICES = new LeastRequest(2, 1, false, SlowStart.NONE);

    static Stream<Policy> hashing() {
        return Stream.of(
                new RingHash(HashFunction.XX_HASH, 16_384, 8_388_608, false, 0),
                new RingHash(HashFunction.MURMUR_HASH_2, 16_384, 8_388_608, false, 0),
                new Maglev(65_537, false, 0));
    }

    @Test
    void round_robin_keeps_weights_exactly_and_spreads_them() {
        var cluster = weighted(new Balancing.RoundRobin(SlowStart.NONE), 5, 3, 1);
        var balancer = cluster.balancer();

        for (int round = 0; round < 10; round++) {
            assertThat(cluster.picks(balancer, 90)).startsWith(0, 50, 30, 10);
        }
    }

    @Test
    void round_robin_of_equal_weights_never_takes_one_twice_in_a_row() {
        var cluster = new TestCluster(new Balancing.RoundRobin(SlowStart.NONE)).healthy(1, 3);
        var balancer = cluster.balancer();

        var last = 0;
        for (int i = 0; i < 30; i++) {
            var next = cluster.pick(balancer, 0);
            assertThat(next).isNotEqualTo(last);
            last = next;
        }
    }

    @Test
    void round_robin_takes_weights_of_any_size() {
        var cluster =
                weighted(new Balancing.RoundRobin(SlowStart.NONE), 4_294_967_295L, 2_147_483_648L);

        var counts = cluster.picks(cluster.balancer(), 30_000);

        assertThat(counts[1]).isCloseTo(20_000, within(10));
    }

    @Test
    void random_takes_all_alike() {
        var counts = weighted(new Balancing.Random(), 1, 1, 100);

        for (var count : Arrays.copyOfRange(counts.picks(counts.balancer(), 30_000), 1, 4)) {
            assertThat(count).isCloseTo(10_000, within(400));
        }
    }

    @Test
    void least_request_takes_the_less_loaded_of_two() {
        var cluster = new TestCluster(TWO_CHOICES).healthy(1, 2);
        cluster.vitals(1).began();

        // The loaded one is taken only when it is drawn twice.
        assertThat(cluster.picks(cluster.balancer(), 10_000)[1]).isCloseTo(2500, within(200));
    }

    @Test
    void least_request_draws_as_many_as_it_is_told() {
        var cluster = new TestCluster(new LeastRequest(4, 1, false, SlowStart.NONE)).healthy(1, 2);
        cluster.vitals(1).began();

        assertThat(cluster.picks(cluster.balancer(), 16_000)[1]).isCloseTo(1000, within(150));
    }

    @Test
    void least_request_without_load_goes_by_weight() {
        var cluster = weighted(TWO_CHOICES, 3, 1);
        // As many as it is worth: the merit is the same for both.
        cluster.vitals(1).began();
        cluster.vitals(1).began();

        assertThat(cluster.picks(cluster.balancer(), 20_000)[1]).isCloseTo(15_000, within(400));
    }

    @Test
    void least_request_keeps_loads_even() {
        var cluster = new TestCluster(TWO_CHOICES).healthy(1, 50);
        var balancer = cluster.balancer();

        for (int i = 0; i < 5000; i++) {
            cluster.vitals(cluster.pick(balancer, 0)).began();
        }

        for (int i = 1; i <= 50; i++) {
            assertThat(cluster.vitals(i).active()).isCloseTo(100, within(8));
        }
    }

    @Test
    void a_full_scan_finds_the_least_loaded_of_all() {
        var cluster = new TestCluster(new LeastRequest(2, 1, true, SlowStart.NONE)).healthy(1, 100);
        for (int i = 1; i <= 100; i++) {
            if (i != 77) {
                cluster.vitals(i).began();
            }
        }

        assertThat(cluster.picks(cluster.balancer(), 20)[77]).isEqualTo(20);
    }

    @Test
    void peak_ewma_avoids_who_was_slow_once_until_that_is_long_ago() {
        var cluster = new TestCluster(PeakEwma.DEFAULT).healthy(1, 2);
        var balancer = cluster.balancer();
        answers(cluster, 1, Duration.ofMillis(2));
        answers(cluster, 2, Duration.ofMillis(200));
        answers(cluster, 2, Duration.ofMillis(2));
        assertThat(cluster.picks(balancer, 100)).startsWith(0, 100, 0);

        // 198 ms become less than 2 in 47 s, by a factor of e every 10 s.
        for (int second = 0; second < 60; second++) {
            cluster.nanos += Duration.ofSeconds(1).toNanos();
            answers(cluster, 1, Duration.ofMillis(2));
        }
        assertThat(cluster.picks(balancer, 100)).startsWith(0, 0, 100);
    }

    @Test
    void peak_ewma_weighs_requests_on_their_way_by_how_long_they_take() {
        var cluster = new TestCluster(PeakEwma.DEFAULT).healthy(1, 2);
        var balancer = cluster.balancer();
        answers(cluster, 1, Duration.ofMillis(10));
        answers(cluster, 2, Duration.ofMillis(35));

        for (int i = 0; i < 3; i++) {
            assertThat(cluster.pick(balancer, 0)).isEqualTo(1);
            cluster.vitals(1).began();
        }
        assertThat(cluster.pick(balancer, 0)).isEqualTo(2);
    }

    @Test
    void peak_ewma_sends_one_request_to_a_newcomer_and_waits_for_its_answer() {
        var cluster = new TestCluster(PeakEwma.DEFAULT).healthy(1, 2);
        var balancer = cluster.balancer();
        answers(cluster, 1, Duration.ofMillis(20));
        assertThat(cluster.pick(balancer, 0)).isEqualTo(2);
        cluster.vitals(2).began();

        assertThat(cluster.picks(balancer, 100)).startsWith(0, 100, 0);

        cluster.vitals(2).ended();
        answers(cluster, 2, Duration.ofMillis(1));
        assertThat(cluster.picks(balancer, 100)).startsWith(0, 0, 100);
    }

    @Test
    void what_peak_ewma_has_measured_outlives_the_balancer() {
        var cluster = new TestCluster(PeakEwma.DEFAULT).healthy(1, 2);
        cluster.balancer();
        answers(cluster, 1, Duration.ofMillis(500));
        answers(cluster, 2, Duration.ofMillis(5));

        assertThat(cluster.picks(cluster.balancer(), 100)).startsWith(0, 0, 100);
    }

    private static void answers(TestCluster cluster, int endpoint, Duration after) {
        cluster.nanos++;
        var sent = cluster.vitals(endpoint).sent();
        cluster.nanos += after.toNanos();
        cluster.vitals(endpoint).answered(sent);
    }

    @Test
    void without_a_bias_load_does_not_count() {
        var cluster = new TestCluster(new LeastRequest(2, 0, false, SlowStart.NONE)).healthy(1, 2);
        cluster.vitals(1).began();

        assertThat(cluster.picks(cluster.balancer(), 10_000)[1]).isCloseTo(5000, within(300));
    }

    @ParameterizedTest
    @MethodSource("hashing")
    void the_same_key_goes_to_the_same_endpoint(Policy policy) {
        var cluster = new TestCluster(policy).healthy(1, 10);
        var before = owners(cluster, cluster.balancer());

        assertThat(owners(cluster, cluster.balancer())).isEqualTo(before);
        for (int i = 1; i <= 10; i++) {
            var number = i;
            assertThat((double) Arrays.stream(before).filter(it -> it == number).count())
                    .isCloseTo(KEYS / 10.0, within(KEYS * 0.03));
        }
    }

    @ParameterizedTest
    @MethodSource("hashing")
    void when_an_endpoint_leaves_its_share_moves_and_little_else(Policy policy) {
        var cluster = new TestCluster(policy).healthy(1, 10);
        var before = owners(cluster, cluster.balancer());
        cluster.vitals(4).eject(true);

        var after = owners(cluster, cluster.balancer());

        var movedOfOthers = 0;
        for (int i = 0; i < KEYS; i++) {
            assertThat(after[i]).isNotEqualTo(4);
            movedOfOthers += before[i] != 4 && after[i] != before[i] ? 1 : 0;
        }
        // A ring moves nothing else; Maglev promises little only.
        assertThat(movedOfOthers).isLessThanOrEqualTo(policy instanceof Maglev ? KEYS / 25 : 0);
    }

    @ParameterizedTest
    @MethodSource("hashing")
    void keys_go_by_weight(Policy policy) {
        var cluster = weighted(policy, 1, 3);

        var first = Arrays.stream(owners(cluster, cluster.balancer())).filter(it -> it == 1);

        assertThat((double) first.count()).isCloseTo(KEYS / 4.0, within(KEYS * 0.02));
    }

    @ParameterizedTest
    @MethodSource("hashing")
    void localities_have_their_shares_of_the_keys(Policy policy) {
        var cluster = new TestCluster(policy);
        cluster.byLocality = true;
        cluster.group(0, 1, endpoint(1)).group(0, 3, endpoint(2), endpoint(3));

        var first = Arrays.stream(owners(cluster, cluster.balancer())).filter(it -> it == 1);

        assertThat((double) first.count()).isCloseTo(KEYS / 4.0, within(KEYS * 0.03));
    }

    @ParameterizedTest
    @MethodSource("hashing")
    void a_request_without_a_key_goes_anywhere(Policy policy) {
        var cluster = new TestCluster(policy).healthy(1, 3);

        var counts = cluster.picks(cluster.balancer(), 3000);

        for (int i = 1; i <= 3; i++) {
            assertThat(counts[i]).isCloseTo(1000, within(200));
        }
    }

    @Test
    void a_ring_has_at_least_its_minimum_and_at_most_its_maximum() {
        // With one place each, three hosts have three thirds of the ring at best.
        var small = new TestCluster(new RingHash(HashFunction.XX_HASH, 1, 3, false, 0));
        small.healthy(1, 3);

        assertThat(owners(small, small.balancer())).contains(1, 2, 3);
    }

    @Test
    void an_endpoint_above_its_bound_passes_requests_on() {
        var cluster =
                new TestCluster(new RingHash(HashFunction.XX_HASH, 1024, 8_388_608, false, 150))
                        .healthy(1, 4);
        var balancer = cluster.balancer();

        for (int i = 0; i < 400; i++) {
            cluster.vitals(cluster.pick(balancer, Hashes.xxHash64("hot", 0))).began();
        }

        for (int i = 1; i <= 4; i++) {
            assertThat(cluster.vitals(i).active()).isLessThanOrEqualTo(151);
        }
    }

    private static TestCluster weighted(Policy policy, long... weights) {
        var cluster = new TestCluster(policy);
        for (int i = 0; i < weights.length; i++) {
            cluster.group(0, 0, endpoint(i + 1, weights[i], Health.HEALTHY));
        }
        return cluster;
    }

    private static int[] owners(TestCluster cluster, LoadBalancer balancer) {
        var owners = new int[KEYS];
        for (int i = 0; i < KEYS; i++) {
            owners[i] = cluster.pick(balancer, Hashes.xxHash64("key-" + i, 0));
        }
        return owners;
    }
}
