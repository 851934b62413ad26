package dev.weft.proxy;

import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.control.AtomicFile;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.control.FileWatch;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// When this proxy serves the pod, of which there are two while one takes over from the other. The
/// file `serving` holds the name of the one that does; whoever is ready, and wanted, writes its own
/// over it.
///
/// ```
/// waiting ──ready, and its slot is wanted──▶ serving ──another has written its name──▶ over
///    └──────its slot is not wanted any more──────────────────────────────────────────────┘
/// ```
///
/// On the control thread.
final class Turn {
    private static final Logger LOG = System.getLogger(Turn.class.getName());
    private static final Duration PERIOD = Duration.ofMillis(100);

    private final Slot slot;
    private final Paths paths;
    private final ControlThread control;
    private final String self;
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();
    private ControlThread.@Nullable Timer waiting;
    private boolean ready;

    Turn(Slot slot, Paths paths, ControlThread control) {
        this.slot = slot;
        this.paths = paths;
        this.control = control;
        this.self = slot.name() + " " + UUID.randomUUID() + "\n";
    }

    void start() {
        waiting = control.every(PERIOD, this::look);
    }

    /// Everything that serving takes is there. Any thread.
    void ready() {
        control.execute(() -> {
            ready = true;
            look();
        });
    }

    /// Done when another proxy serves the pod, or shall, and this one has to go: with true when it
    /// has served, and the other one stands behind it; with false when it never came to that.
    /// Completes on the control thread.
    CompletionStage<Boolean> over() {
        return over.minimalCompletionStage();
    }

    private void look() {
        if (over.isDone()) {
            return;
        }
        if (!slot.isWanted(paths)) {
            stopLooking();
            LOG.log(Level.INFO, "the pod's other proxy shall serve, not this one");
            over.complete(false);
        } else if (ready) {
            serve();
        }
    }

    private void serve() {
        try {
            AtomicFile.write(paths.serving(), self.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.log(Level.ERROR, "{0} could not be written: {1}", paths.serving(), e);
            return;
        }
        stopLooking();
        FileWatch.start(paths.serving(), control, this::serves);
    }

    private void serves(String who) {
        if (!who.equals(self) && over.complete(true)) {
            LOG.log(Level.INFO, "the pod's other proxy serves from now on");
        }
    }

    private void stopLooking() {
        if (waiting != null) {
            waiting.cancel();
        }
    }
}
