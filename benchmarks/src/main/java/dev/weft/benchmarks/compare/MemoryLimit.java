package dev.weft.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// A control group with the memory that an injected proxy may have. Both contestants run in one.
final class MemoryLimit implements AutoCloseable {
    /// What injection sets where `spec.proxy.resources` says nothing.
    static final long BYTES = 256L << 20;

    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final Path group;

    private MemoryLimit(Path group) {
        this.group = group;
    }

    /// @throws UncheckedIOException where this process may make no control groups: it needs root
    static MemoryLimit create() {
        var name = "weft-compare-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
        boolean unified = Files.exists(ROOT.resolve("cgroup.controllers"));
        try {
            var group =
                    Files.createDirectory((unified ? ROOT : ROOT.resolve("memory")).resolve(name));
            Files.writeString(
                    group.resolve(unified ? "memory.max" : "memory.limit_in_bytes"),
                    Long.toString(BYTES));
            return new MemoryLimit(group);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "no control group with a limit of memory can be made: run it as root", e);
        }
    }

    /// The command, in the group from its first moment.
    List<String> around(List<String> command) {
        var all =
                new ArrayList<>(
                        List.of(
                                "sh",
                                "-c",
                                "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"",
                                group.toString()));
        all.addAll(command);
        return all;
    }

    /// Its processes have ended; the kernel takes a moment to notice.
    @Override
    public void close() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                Files.deleteIfExists(group);
                return;
            } catch (IOException busy) {
                if (System.nanoTime() > end) {
                    throw new UncheckedIOException(busy);
                }
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
    }
}
