package dev.weft.proxy;

import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.control.ControlThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// How the proxy leaves: the contract's two steps when the pod ends, or at once for the pod's next
/// proxy.
///
/// ```
/// serving ──drain marker──▶ draining (inbound) ──peers gone──▶ drained (marker)
///    ├──────────SIGTERM────────────┴──────────▶ stopping: outbound drained, no more SYNs, the rest served ──▶ exit 0
///    └──turn is over──▶ handing over: ports left to the next proxy, the rest served ──▶ exit 0
/// ```
final class Lifecycle {
    private static final Logger LOG = System.getLogger(Lifecycle.class.getName());

    private static final Duration MARKER_PERIOD = Duration.ofMillis(100);

    /// The preStop hook waits for 5 s.
    private static final Duration DRAIN_MOST = Duration.ofMillis(4500);

    /// The process must have ended 5 s after the signal.
    private static final Duration STOP_MOST = Duration.ofMillis(4700);

    /// Nobody waits for a proxy that has handed over: what it carries may take its time.
    private static final Duration HANDED_OVER_MOST = Duration.ofSeconds(30);

    private final Paths paths;
    private final ControlThread control;
    private final DataPlane dataPlane;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private volatile boolean draining;

    Lifecycle(Paths paths, ControlThread control, DataPlane dataPlane) {
        this.paths = paths;
        this.control = control;
        this.dataPlane = dataPlane;
    }

    /// Markers of an earlier process mean nothing to this one.
    void start() {
        try {
            Files.createDirectories(paths.state());
            Files.deleteIfExists(paths.drain());
            Files.deleteIfExists(paths.drained());
        } catch (IOException e) {
            throw new UncheckedIOException(paths.state() + " must be writable", e);
        }
        control.every(MARKER_PERIOD, this::look);
    }

    boolean leaving() {
        return draining || stopping.get();
    }

    private void look() {
        if (draining || !Files.exists(paths.drain())) {
            return;
        }
        draining = true;
        LOG.log(Level.INFO, "draining the inbound side");
        dataPlane
                .drainInbound(DRAIN_MOST)
                .whenComplete((done, failure) -> control.execute(this::drained));
    }

    private void drained() {
        try {
            Files.writeString(paths.drained(), "");
            LOG.log(Level.INFO, "the inbound side is drained");
        } catch (IOException e) {
            LOG.log(Level.ERROR, "{0} could not be written: {1}", paths.drained(), e);
        }
    }

    /// Leaves new connections to the pod's next proxy. Completes when the process may exit.
    CompletionStage<Void> handOver() {
        LOG.log(Level.INFO, "handing over: what is under way is served to its end");
        draining = true;
        dataPlane.handOver();
        return serveTheRest(HANDED_OVER_MOST);
    }

    /// What was accepted, and the spans of it.
    private CompletionStage<Void> serveTheRest(Duration atMost) {
        return CompletableFuture.allOf(
                        dataPlane.drainInbound(atMost).toCompletableFuture(),
                        dataPlane.drainOutbound(atMost).toCompletableFuture())
                .thenCompose(served -> dataPlane.flushSpans());
    }

    /// Completes when the process may exit, in time.
    CompletionStage<Void> stop() {
        if (!stopping.compareAndSet(false, true)) {
            return new CompletableFuture<>();
        }
        LOG.log(Level.INFO, "stopping: draining the outbound side");
        long began = System.nanoTime();
        return dataPlane
                .drainOutbound(STOP_MOST.dividedBy(2))
                .thenComposeAsync(
                        outbound -> {
                            // waits for the event loops, so it must not be on one
                            dataPlane.stopAccepting();
                            return serveTheRest(STOP_MOST.minusNanos(System.nanoTime() - began));
                        },
                        control)
                .toCompletableFuture()
                .completeOnTimeout(null, STOP_MOST.toMillis(), TimeUnit.MILLISECONDS);
    }
}
