package dev.weft.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    /// A clock that counts from below zero, as it may.
    private final long begin = -5 * SECOND;

    private final TokenBucket bucket = new TokenBucket(3, 2, Duration.ofSeconds(1), begin);

    @Test
    void it_begins_full_and_can_be_emptied() {
        assertThat(taken(begin)).isEqualTo(3);
        assertThat(bucket.left(begin)).isZero();
    }

    @Test
    void it_fills_evenly() {
        taken(begin);

        assertThat(taken(begin + SECOND / 2 - 1)).isZero();
        assertThat(bucket.untilNext(begin + SECOND / 4)).isEqualTo(Duration.ofMillis(250));
        assertThat(taken(begin + SECOND / 2)).isEqualTo(1);
        assertThat(taken(begin + 3 * SECOND / 2)).isEqualTo(2);
    }

    @Test
    void it_holds_no_more_than_it_may() {
        taken(begin);

        assertThat(bucket.left(begin + 100 * SECOND)).isEqualTo(3);
        assertThat(bucket.untilNext(begin + 100 * SECOND)).isEqualTo(Duration.ZERO);
        assertThat(taken(begin + 100 * SECOND)).isEqualTo(3);
    }

    @Test
    void several_are_taken_at_once_or_none() {
        assertThat(bucket.tryTake(2, begin)).isTrue();
        assertThat(bucket.tryTake(2, begin)).isFalse();
        assertThat(bucket.left(begin)).isEqualTo(1);
        assertThat(bucket.tryTake(0, begin)).isTrue();
        assertThat(bucket.tryTake(1, begin)).isTrue();
        assertThat(bucket.tryTake(0, begin)).isTrue();
    }

    @Test
    void more_than_it_can_hold_is_never_there() {
        assertThat(bucket.tryTake(4, begin)).isFalse();
        assertThat(bucket.tryTake(Long.MAX_VALUE, begin)).isFalse();
        assertThat(bucket.left(begin)).isEqualTo(3);
    }

    @Test
    void a_bucket_that_never_fills_up_works_too() {
        var large = new TokenBucket(0xffff_ffffL, 1, Duration.ofDays(365), begin);

        assertThat(large.tryTake(begin)).isTrue();
    }

    private int taken(long now) {
        var taken = 0;
        while (bucket.tryTake(now)) {
            taken++;
        }
        return taken;
    }
}
