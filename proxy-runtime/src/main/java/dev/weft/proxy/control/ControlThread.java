package dev.weft.proxy.control;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A single thread with a clock. A task that throws is a bug: it is logged, and the next one runs.
public final class ControlThread implements Executor, AutoCloseable {
    private static final Logger LOG = System.getLogger(ControlThread.class.getName());

    private final ScheduledThreadPoolExecutor executor;

    public ControlThread() {
        executor =
                new ScheduledThreadPoolExecutor(
                        1,
                        task -> Thread.ofPlatform().daemon().name("weft-control").unstarted(task));
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(guarded(task));
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "the control thread has ended, a task is left out");
        }
    }

    public Timer after(Duration delay, Runnable task) {
        var future = executor.schedule(guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    /// Runs the task now and then again, `period` after each of its ends.
    public Timer every(Duration period, Runnable task) {
        var future =
                executor.scheduleWithFixedDelay(
                        guarded(task), 0, period.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "a task of the control thread failed", e);
            }
        };
    }

    /// Something that will run unless it is cancelled.
    @FunctionalInterface
    public interface Timer {
        void cancel();
    }
}
