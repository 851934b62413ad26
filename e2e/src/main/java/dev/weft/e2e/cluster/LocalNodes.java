package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.Processes;
import dev.weft.e2e.machine.UnusableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Starts, finds and ends the local nodes of this user. Each has a folder under `clusters/` in the
/// cache.
final class LocalNodes {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?");
    private static final Duration START = Duration.ofMinutes(3);
    private static final List<String> SCRIPTS = List.of("supervise.sh", "node.sh", "coredns.yaml");

    /// A node that is up.
    ///
    /// @param supervisor the process that holds and cleans up everything
    /// @param attached the same as our child, where its standard input's end is the node's end
    record Running(
            String name,
            Path folder,
            Path bin,
            ProcessHandle supervisor,
            @Nullable Process attached) {
        /// Ends the node and waits until nothing is left of it. Harmless when it has ended already.
        void stop() {
            supervisor.destroy();
            try {
                supervisor.onExit().get(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException
                    | java.util.concurrent.TimeoutException e) {
                throw new IllegalStateException(
                        "the local cluster in " + folder + " does not end", e);
            }
        }
    }

    private final Path clusters;
    private final Cache cache;
    private final Parts parts;
    private final Progress progress;

    LocalNodes(Cache cache, Progress progress) {
        this.cache = cache;
        this.clusters = cache.root().resolve("clusters");
        this.parts = new Parts(cache, progress);
        this.progress = progress;
    }

    Running startAttached() {
        return start(
                "run-"
                        + Long.toString(ProcessHandle.current().pid(), 36)
                        + "-"
                        + Long.toString(System.nanoTime() & 0xffffff, 36),
                true);
    }

    Running startDetached(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new UnusableException(
                    name
                            + " is no name for a cluster: take lower-case letters, digits and dashes, at most 32.");
        }
        return start(name, false);
    }

    private Running start(String name, boolean attached) {
        Prerequisites.ensure(Needs.NODE_ALONE, cache, Resources::bytes, progress);
        sweep();
        var bin = parts.bin();
        var begun = Instant.now();
        try {
            var folder = claim(name);
            for (var script : SCRIPTS) {
                Resources.copy(script, folder.resolve(script));
            }
            Files.createSymbolicLink(folder.resolve("bin"), bin);
            var log = clusters.resolve(name + ".log");
            // A session of its own: Ctrl-C on the terminal is for us, and we end the node in order.
            var process =
                    new ProcessBuilder(
                                    "setsid",
                                    "bash",
                                    folder.resolve("supervise.sh").toString(),
                                    folder.toString(),
                                    bin.toString(),
                                    attached ? "attached" : "detached")
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
            var running =
                    new Running(name, folder, bin, process.toHandle(), attached ? process : null);
            awaitReady(running, process, log);
            Files.delete(log);
            progress.say(
                    "Local Kubernetes is ready: "
                            + Progress.seconds(Duration.between(begun, Instant.now())));
            return running;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start a local cluster", e);
        }
    }

    private Path claim(String name) throws IOException {
        Files.createDirectories(clusters);
        var folder = clusters.resolve(name);
        try {
            return Files.createDirectory(folder);
        } catch (FileAlreadyExistsException e) {
            throw new UnusableException(
                    "There is a local cluster named %s already: use it, or end it with ./weft cluster down --name %s."
                            .formatted(name, name));
        }
    }

    private void awaitReady(Running running, Process process, Path log) throws IOException {
        var deadline = Instant.now().plus(START);
        long told = 0;
        try {
            while (true) {
                boolean ended = process.waitFor(50, TimeUnit.MILLISECONDS);
                var lines = Files.readAllLines(log);
                lines.stream().skip(told).forEach(line -> progress.say("  " + line));
                told = lines.size();
                if (Files.exists(running.folder().resolve("ready"))
                        && Files.exists(running.folder().resolve("kubeconfig"))) {
                    return;
                }
                if (ended || Instant.now().isAfter(deadline)) {
                    running.stop();
                    throw new IllegalStateException(
                            "the local cluster did not start:\n" + String.join("\n", lines));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            running.stop();
            throw new IllegalStateException("interrupted while a local cluster started", e);
        }
    }

    Optional<Running> find(String name) {
        var folder = clusters.resolve(name);
        return supervisor(folder)
                .filter(_ -> Files.exists(folder.resolve("ready")))
                .map(handle -> new Running(name, folder, folder.resolve("bin"), handle, null));
    }

    List<Running> all() {
        return folders().stream()
                .map(folder -> folder.getFileName().toString())
                .flatMap(name -> find(name).stream())
                .toList();
    }

    /// Clears away what a supervisor left that was itself killed. Its node died with it.
    void sweep() {
        for (var folder : folders()) {
            if (supervisor(folder).isPresent() || young(folder)) {
                continue;
            }
            progress.say("Clearing away what is left of local cluster " + folder.getFileName());
            try {
                var script = Files.createTempFile("weft-supervise-", ".sh");
                Resources.copy("supervise.sh", script);
                Processes.run(
                                List.of(
                                        "bash",
                                        script.toString(),
                                        folder.toString(),
                                        "none",
                                        "sweep"))
                        .orThrow();
                Files.delete(script);
                Files.deleteIfExists(clusters.resolve(folder.getFileName() + ".log"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /// A folder that another process may just have claimed, its supervisor not yet there.
    private static boolean young(Path folder) {
        try {
            return !Files.exists(folder.resolve("supervisor.pid"))
                    && Files.getLastModifiedTime(folder)
                            .toInstant()
                            .isAfter(Instant.now().minusSeconds(30));
        } catch (IOException e) {
            return true;
        }
    }

    private static Optional<ProcessHandle> supervisor(Path folder) {
        try {
            long pid = Long.parseLong(Files.readString(folder.resolve("supervisor.pid")).strip());
            // The number may by now be somebody else's.
            var commandLine = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
            return commandLine.contains("\0" + folder + "\0")
                    ? ProcessHandle.of(pid)
                    : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private List<Path> folders() {
        if (!Files.isDirectory(clusters)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(clusters)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
