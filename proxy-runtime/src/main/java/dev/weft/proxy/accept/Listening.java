package dev.weft.proxy.accept;

import dev.weft.proxy.control.Backoff;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One address at which a listener accepts. What cannot be bound, as a port that somebody else has,
/// is tried again until it can be, or the listener goes.
///
/// ```
/// binding ──bound──▶ accepting ──┐
///  ▲  └──refused──▶ waiting ─────┴─stop(), from anywhere──▶ stopped
///  └────backoff────────┘
/// ```
///
/// Any thread.
public final class Listening {
    private static final Logger LOG = System.getLogger(Listening.class.getName());
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final String what;
    private final Supplier<Acceptor> opener;
    private final EventLoop timer;
    private final Runnable changed;
    private final Backoff backoff =
            new Backoff(FIRST_PAUSE, LONGEST_PAUSE, RandomGenerator.getDefault());
    private final CompletableFuture<InetSocketAddress> bound = new CompletableFuture<>();

    private @Nullable Acceptor acceptor;
    private @Nullable Future<?> again;
    private @Nullable String refused;
    private boolean stopped;

    /// Begins to bind.
    ///
    /// @param opener begins to bind a new socket
    /// @param changed called each time when it accepts, or cannot; not before this has returned
    public Listening(
            String listener,
            InetSocketAddress address,
            Supplier<Acceptor> opener,
            EventLoop timer,
            Runnable changed) {
        this.what = "listener " + listener + " at " + NetUtil.toSocketAddressString(address);
        this.opener = opener;
        this.timer = timer;
        this.changed = changed;
        timer.execute(this::open);
    }

    private void open() {
        Acceptor opened;
        synchronized (this) {
            if (stopped) {
                return;
            }
            opened = opener.get();
            acceptor = opened;
        }
        opened.bound()
                .whenComplete((address, failure) -> {
                    if (failure == null) {
                        accepts(opened, address);
                    } else {
                        refused(failure);
                    }
                    changed.run();
                });
    }

    private void accepts(Acceptor opened, InetSocketAddress address) {
        boolean late;
        synchronized (this) {
            late = refused != null;
            refused = null;
            if (stopped) {
                var _ = opened.stop();
                return;
            }
        }
        if (late) {
            LOG.log(Level.INFO, "{0} accepts at last", what);
        }
        bound.complete(address);
    }

    private void refused(Throwable failure) {
        boolean first;
        synchronized (this) {
            if (stopped) {
                return;
            }
            first = refused == null;
            refused = Objects.requireNonNullElse(failure.getMessage(), failure.toString());
            again = timer.schedule(this::open, backoff.next().toMillis(), TimeUnit.MILLISECONDS);
        }
        if (first) {
            LOG.log(
                    Level.WARNING,
                    "{0} cannot be bound, and is tried again: {1}",
                    what,
                    failure.getMessage());
        }
    }

    /// Where it accepts, once it does.
    public CompletionStage<InetSocketAddress> bound() {
        return bound.minimalCompletionStage();
    }

    /// Why it does not accept, with listener, address and cause; empty when it does.
    public synchronized Optional<String> trouble() {
        if (acceptor != null && acceptor.isAccepting()) {
            return Optional.empty();
        }
        return Optional.of(what + ": " + (refused == null ? "not bound yet" : refused));
    }

    /// Takes no new SYN, accepts what is queued, then closes.
    public CompletionStage<Void> stop() {
        var last = last();
        return last == null ? CompletableFuture.completedFuture(null) : last.stop();
    }

    /// Leaves new connections to whoever else listens there, accepts what is queued, then closes.
    public CompletionStage<Void> handOver() {
        var last = last();
        return last == null ? CompletableFuture.completedFuture(null) : last.handOver();
    }

    private synchronized @Nullable Acceptor last() {
        stopped = true;
        if (again != null) {
            again.cancel(false);
        }
        return acceptor;
    }
}
