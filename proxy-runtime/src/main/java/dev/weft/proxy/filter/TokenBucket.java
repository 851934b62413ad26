package dev.weft.proxy.filter;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// So many at once, and so many in a time after that. It begins full, and fills all the time, not
/// in jumps. Any thread; times are nanoseconds of a clock that only goes forward.
public final class TokenBucket {
    private static final long LONGEST = Long.MAX_VALUE / 4;

    private final long max;
    private final long nanosPerToken;
    private final long nanosToFill;

    /// That can be there at once: `max`, unless that many would take longer to come than can be
    /// counted.
    private final long most;

    /// When it was, or would have been, empty: it holds what has come in since.
    private final AtomicLong emptyAt;

    public TokenBucket(long max, long perFill, Duration fill, long now) {
        this.max = max;
        this.nanosPerToken = Math.max(1, fill.toNanos() / perFill);
        this.nanosToFill = max > LONGEST / nanosPerToken ? LONGEST : max * nanosPerToken;
        this.most = nanosToFill / nanosPerToken;
        this.emptyAt = new AtomicLong(now - nanosToFill);
    }

    public boolean tryTake(long now) {
        return tryTake(1, now);
    }

    /// All of them, or none.
    public boolean tryTake(long tokens, long now) {
        if (tokens > most) {
            return false;
        }
        while (true) {
            var was = emptyAt.get();
            var then = sinceWhen(was, now) + tokens * nanosPerToken;
            if (then - now > 0) {
                return false;
            }
            if (emptyAt.compareAndSet(was, then)) {
                return true;
            }
        }
    }

    public long max() {
        return max;
    }

    public long left(long now) {
        return Math.max(0, (now - sinceWhen(emptyAt.get(), now)) / nanosPerToken);
    }

    /// Until there is one more.
    public Duration untilNext(long now) {
        var age = now - sinceWhen(emptyAt.get(), now);
        return age >= nanosToFill
                ? Duration.ZERO
                : Duration.ofNanos(nanosPerToken - Math.floorMod(age, nanosPerToken));
    }

    /// More than it holds does not count.
    private long sinceWhen(long emptyAt, long now) {
        return now - emptyAt > nanosToFill ? now - nanosToFill : emptyAt;
    }
}
