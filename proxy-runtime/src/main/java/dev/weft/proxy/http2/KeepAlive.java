package dev.weft.proxy.http2;

import dev.weft.proxy.config.KeepAliveRules;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Finds out that a peer is gone of whom the network says nothing: it does not answer a PING, and
/// nothing else comes from it either.
///
/// ```
/// quiet -> asked (a PING is sent: the interval is over, or a stream begins after a pause)
///   asked -> quiet (the answer has come) -> ...
///         -> lost (nothing has come for the timeout; told once)
/// ```
///
/// On the connection's event loop.
final class KeepAlive {
    /// What our PINGs hold.
    private static final long PING = 0x77656674_6b656570L;

    private final KeepAliveRules rules;
    private final EventExecutor loop;
    private final LongConsumer ping;
    private final Runnable lost;
    private @Nullable Future<?> next;
    private @Nullable Future<?> giveUp;
    private long heard;

    /// Watches from now on.
    ///
    /// @param ping sends one
    KeepAlive(KeepAliveRules rules, EventExecutor loop, LongConsumer ping, Runnable lost) {
        this.rules = rules;
        this.loop = loop;
        this.ping = ping;
        this.lost = lost;
        this.heard = loop.ticker().nanoTime();
        askLater();
    }

    private void askLater() {
        var interval = rules.interval().toNanos();
        if (interval > 0) {
            var more =
                    (long) (interval * rules.jitter() * ThreadLocalRandom.current().nextDouble());
            next = loop.schedule(this::askAgain, interval + more, TimeUnit.NANOSECONDS);
        }
    }

    private void askAgain() {
        askLater();
        ask();
    }

    private void ask() {
        if (giveUp == null) {
            giveUp = lookAfter(rules.timeout().toNanos());
            ping.accept(PING);
        }
    }

    private Future<?> lookAfter(long nanos) {
        return loop.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }

    /// What comes shows that it is there, though the answer may wait behind much else.
    private void look() {
        var left = rules.timeout().toNanos() - (loop.ticker().nanoTime() - heard);
        if (left > 0) {
            giveUp = lookAfter(left);
        } else {
            stop();
            lost.run();
        }
    }

    /// Something has come from the peer.
    void heard() {
        heard = loop.ticker().nanoTime();
    }

    /// A stream is about to begin.
    void begins() {
        var pause = rules.pause().toNanos();
        if (pause > 0 && loop.ticker().nanoTime() - heard >= pause) {
            ask();
        }
    }

    /// @return whether the answer is to a PING of this
    boolean pong(long data) {
        if (data == PING && giveUp != null) {
            giveUp.cancel(false);
            giveUp = null;
        }
        return data == PING;
    }

    /// Asks no more.
    void stop() {
        Session.cancel(next);
        Session.cancel(giveUp);
    }
}
