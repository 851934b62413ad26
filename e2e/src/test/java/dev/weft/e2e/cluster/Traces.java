package dev.weft.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What a local cluster has on this machine, found by its folder and its network namespace.
///
/// @param network the namespace's identity, for example `net:[4026532177]`
record Traces(Path folder, String network) {
    static Traces of(Path folder) throws IOException {
        var pid = Files.readString(folder.resolve("node.pid")).strip();
        return new Traces(
                folder, Files.readSymbolicLink(Path.of("/proc", pid, "ns/net")).toString());
    }

    /// Everything that is still there, in words.
    List<String> left() {
        var left = new ArrayList<String>();
        if (Files.exists(folder)) {
            left.add("folder " + folder);
        }
        for (var process : children(Path.of("/proc"))) {
            if (!process.getFileName().toString().matches("[0-9]+")
                    || process.getFileName()
                            .toString()
                            .equals(Long.toString(ProcessHandle.current().pid()))) {
                continue;
            }
            if (read(process.resolve("cmdline")).contains(folder.toString())) {
                left.add("process " + read(process.resolve("cmdline")).replace('\0', ' '));
            }
            if (read(process.resolve("mountinfo")).contains(folder.toString())) {
                left.add("mount seen by process " + process.getFileName());
            }
            if (link(process.resolve("ns/net")).equals(network)) {
                left.add("network namespace of process " + process.getFileName());
            }
        }
        var cgroup = "weft-" + folder.getFileName() + "-";
        for (var hierarchy : children(Path.of("/sys/fs/cgroup"))) {
            for (var candidate :
                    Files.isDirectory(hierarchy) ? children(hierarchy) : List.<Path>of()) {
                if (candidate.getFileName().toString().startsWith(cgroup)) {
                    left.add("cgroup " + candidate);
                }
            }
            if (hierarchy.getFileName().toString().startsWith(cgroup)) {
                left.add("cgroup " + hierarchy);
            }
        }
        return left;
    }

    /// What is left when nothing goes away any more, or when nothing is left.
    List<String> leftWithin(Duration patience) throws InterruptedException {
        var deadline = Instant.now().plus(patience);
        while (!left().isEmpty() && Instant.now().isBefore(deadline)) {
            Thread.sleep(Duration.ofMillis(100));
        }
        return left();
    }

    /// The machine's own links, rules and mounts: all that a cluster must not touch.
    static String ofHost() {
        return Stream.of(
                        List.of("ls", "/sys/class/net"),
                        List.of("ip", "route"),
                        List.of("nft", "list", "ruleset"),
                        List.of("ip", "netns"),
                        List.of("cat", "/proc/self/mounts"),
                        List.of(
                                "sysctl",
                                "vm.overcommit_memory",
                                "kernel.panic",
                                "kernel.panic_on_oops",
                                "net.ipv4.ip_forward"))
                .map(command -> dev.weft.e2e.machine.Processes.run(command).orThrow())
                .reduce("", String::concat);
    }

    private static List<Path> children(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException | UncheckedIOException e) {
            return ""; // the process has ended
        }
    }

    private static String link(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException e) {
            return "";
        }
    }
}
