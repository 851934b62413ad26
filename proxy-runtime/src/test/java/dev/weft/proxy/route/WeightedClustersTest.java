package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.route.WeightedClusters.Share;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightedClustersTest {
    @Test
    void every_run_as_long_as_the_sum_keeps_the_weights_exactly() {
        var clusters = clusters(90, 10, 250);

        for (int run = 0; run < 5; run++) {
            var counts = new int[3];
            for (int i = 0; i < 350; i++) {
                counts[clusters.next().cluster().charAt(0) - 'a']++;
            }
            assertThat(counts).containsExactly(90, 10, 250);
        }
    }

    @Test
    void a_small_share_is_spread_over_the_run() {
        var clusters = clusters(90, 10);
        var longest = 0;
        var sinceB = 0;
        for (int i = 0; i < 1000; i++) {
            sinceB = clusters.next().cluster().equals("b") ? 0 : sinceB + 1;
            longest = Math.max(longest, sinceB);
        }

        assertThat(longest).isLessThan(20);
    }

    @Test
    void a_share_of_weight_zero_gets_nothing() {
        var clusters = clusters(0, 1);

        for (int i = 0; i < 10; i++) {
            assertThat(clusters.next().cluster()).isEqualTo("b");
        }
    }

    private static WeightedClusters clusters(int... weights) {
        var shares = new java.util.ArrayList<Share>();
        for (int i = 0; i < weights.length; i++) {
            shares.add(
                    new Share(
                            String.valueOf((char) ('a' + i)),
                            weights[i],
                            HeaderEdits.NONE,
                            HeaderEdits.NONE));
        }
        return new WeightedClusters(List.copyOf(shares), 7);
    }
}
