package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.machine.DebianPackages;
import dev.weft.e2e.machine.Processes;
import dev.weft.e2e.machine.UnusableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a local cluster needs from the machine, looked at before anything is begun.
final class Prerequisites {
    static final int GO_MINOR = 26;
    static final long FREE_BYTES = 6L << 30;
    static final long FREE_BYTES_TO_BUILD = 12L << 30;

    private static final Pattern GO_VERSION = Pattern.compile("go version go1\\.(\\d+)");

    /// What was seen of the machine.
    record Machine(
            String os,
            boolean root,
            boolean namespaces,
            boolean canInstall,
            List<String> missingPackages,
            String goVersion,
            boolean mustBuild,
            long freeBytes,
            Path cache) {}

    private Prerequisites() {}

    /// Stops with one sentence for each thing that is missing; Debian packages are installed if
    /// that is possible.
    static void ensure(Machine machine, Progress progress) {
        var problems = problems(machine);
        if (!problems.isEmpty()) {
            throw new UnusableException(String.join("\n", problems));
        }
        if (!machine.missingPackages().isEmpty()) {
            DebianPackages.install(machine.missingPackages(), progress);
        }
    }

    static List<String> problems(Machine machine) {
        var problems = new ArrayList<String>();
        if (!machine.os().equals("Linux")) {
            return List.of(
                    "A local cluster needs Linux and this is "
                            + machine.os()
                            + ": start Docker, or name a cluster with --kubeconfig FILE.");
        }
        if (!machine.root()) {
            problems.add(
                    "A local cluster needs root, for namespaces and mounts of its own: run this as root, start Docker,"
                            + " or name a cluster with --kubeconfig FILE.");
        } else if (!machine.namespaces()) {
            problems.add(
                    "A local cluster needs namespaces of its own, and this machine refuses them (unshare): run this"
                            + " outside of the container, or with its --privileged.");
        }
        if (!machine.missingPackages().isEmpty() && !machine.canInstall()) {
            problems.add(DebianPackages.sentence(machine.missingPackages()));
        }
        if (machine.mustBuild()) {
            var go = GO_VERSION.matcher(machine.goVersion());
            if (!go.find() || Integer.parseInt(go.group(1)) < GO_MINOR) {
                problems.add(
                        "A local cluster is built once with Go 1."
                                + GO_MINOR
                                + " or later, and "
                                + foundGo(go, machine.goVersion())
                                + ": install it and put it on the PATH.");
            }
        }
        long needed = machine.mustBuild() ? FREE_BYTES_TO_BUILD : FREE_BYTES;
        if (machine.freeBytes() < needed) {
            problems.add(
                    "A local cluster needs %d GB of free disk and %s has %d GB: make room, or set XDG_CACHE_HOME."
                            .formatted(needed >> 30, machine.cache(), machine.freeBytes() >> 30));
        }
        return problems;
    }

    private static String foundGo(Matcher go, String version) {
        return version.isEmpty() ? "there is none" : "here is " + version.strip();
    }

    static Machine look(Path cache, boolean mustBuild) {
        try {
            Files.createDirectories(cache);
            boolean linux = System.getProperty("os.name").equals("Linux");
            boolean root =
                    linux
                            && Integer.valueOf(0)
                                    .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            return new Machine(
                    System.getProperty("os.name"),
                    root,
                    root
                            && succeeds(
                                    "unshare", "--net", "--mount", "--pid", "--uts", "--ipc",
                                    "--fork", "true"),
                    DebianPackages.canInstall(),
                    DebianPackages.missing(),
                    mustBuild && DebianPackages.onPath("go")
                            ? Processes.run(List.of("go", "version")).stdout()
                            : "",
                    mustBuild,
                    Files.getFileStore(cache).getUsableSpace(),
                    cache);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean succeeds(String... command) {
        return DebianPackages.onPath(command[0]) && Processes.run(List.of(command)).succeeded();
    }
}
