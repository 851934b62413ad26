package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.DebianPackages;
import dev.weft.e2e.machine.Processes;
import dev.weft.e2e.machine.UnusableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What demo, tests and local clusters need from the machine, looked at before anything is begun:
/// `./weft` and `./mvnw` run this file from its source before they build. So it uses the JDK alone,
/// and classes that do the same.
final class Prerequisites {
    static final int GO_MINOR = 26;
    static final long FREE_BYTES = 6L << 30;
    static final long FREE_BYTES_TO_BUILD = 12L << 30;

    private static final int UNUSABLE = 3; // Weft's exit code for it
    private static final Pattern GO_VERSION = Pattern.compile("go version go1\\.(\\d+)");

    /// What was seen of the machine, as far as it is needed.
    ///
    /// @param local whether a local cluster will be made; else nothing but images and Go counts
    /// @param go whether Go is used
    /// @param mustBuild whether parts of the local cluster are not built yet
    record Machine(
            boolean local,
            boolean go,
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

    /// @param arguments the checkout's folder, `weft` or `mvnw`, and what that was called with
    public static void main(String[] arguments) {
        var given = List.of(arguments).subList(2, arguments.length);
        var needs = arguments[1].equals("weft") ? Needs.ofWeft(given) : Needs.ofMaven(given);
        var recipes = Path.of(arguments[0], "e2e/src/main/cluster");
        try {
            ensure(needs, Cache.ofUser(), file -> read(recipes.resolve(file)), System.err::println);
        } catch (UnusableException unusable) {
            System.err.println(unusable.getMessage());
            System.exit(UNUSABLE);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void ensure(
            Needs needs, Cache cache, Function<String, byte[]> recipes, Progress progress) {
        boolean local =
                switch (needs.localCluster()) {
                    case NO -> false;
                    case UNLESS_DOCKER -> !DockerDaemon.listens();
                    case ALWAYS -> true;
                };
        boolean mustBuild = local && !Part.allBuilt(cache, recipes);
        if (local || needs.images() || needs.go()) {
            ensure(look(needs, local, mustBuild, cache.root()), progress);
        }
    }

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
        if (machine.local() && !machine.os().equals("Linux")) {
            return List.of(
                    "A local cluster needs Linux and this is "
                            + machine.os()
                            + ": start Docker, or name a cluster with --kubeconfig FILE.");
        }
        if (machine.local() && !machine.root()) {
            problems.add(
                    "A local cluster needs root, for namespaces and mounts of its own: run this as root, start Docker,"
                            + " or name a cluster with --kubeconfig FILE.");
        } else if (machine.local() && !machine.namespaces()) {
            problems.add(
                    "A local cluster needs namespaces of its own, and this machine refuses them (unshare): run this"
                            + " outside of the container, or with its --privileged.");
        }
        if (!machine.missingPackages().isEmpty() && !machine.canInstall()) {
            problems.add(DebianPackages.sentence(machine.missingPackages()));
        }
        if (machine.go()) {
            var go = GO_VERSION.matcher(machine.goVersion());
            if (!go.find() || Integer.parseInt(go.group(1)) < GO_MINOR) {
                problems.add(
                        "Go 1."
                                + GO_MINOR
                                + " or later is needed, for what exists as Go modules only (a local cluster's parts,"
                                + " Gateway API's CRDs, programs that tests run), and "
                                + foundGo(go, machine.goVersion())
                                + ": install it and put it on the PATH.");
            }
        }
        long needed = machine.mustBuild() ? FREE_BYTES_TO_BUILD : FREE_BYTES;
        if (machine.local() && machine.freeBytes() < needed) {
            problems.add(
                    "A local cluster needs %d GB of free disk and %s has %d GB: make room, or set XDG_CACHE_HOME."
                            .formatted(needed >> 30, machine.cache(), machine.freeBytes() >> 30));
        }
        return problems;
    }

    private static String foundGo(Matcher go, String version) {
        return version.isEmpty() ? "there is none" : "here is " + version.strip();
    }

    private static Machine look(Needs needs, boolean local, boolean mustBuild, Path cache) {
        try {
            boolean linux = System.getProperty("os.name").equals("Linux");
            boolean root =
                    linux
                            && Integer.valueOf(0)
                                    .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            boolean go = needs.go() || mustBuild;
            return new Machine(
                    local,
                    go,
                    System.getProperty("os.name"),
                    root,
                    local
                            && root
                            && succeeds(
                                    "unshare", "--net", "--mount", "--pid", "--uts", "--ipc",
                                    "--fork", "true"),
                    DebianPackages.canInstall(),
                    missing(needs, local),
                    go && DebianPackages.onPath("go")
                            ? Processes.run(List.of("go", "version")).stdout()
                            : "",
                    mustBuild,
                    freeBytes(cache),
                    cache);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long freeBytes(Path folder) throws IOException {
        var parent = folder.getParent();
        return Files.exists(folder) || parent == null
                ? Files.getFileStore(folder).getUsableSpace()
                : freeBytes(parent);
    }

    private static List<String> missing(Needs needs, boolean local) {
        if (local) {
            return DebianPackages.missing();
        }
        return needs.images() ? DebianPackages.missing(DebianPackages.FOR_IMAGES) : List.of();
    }

    private static boolean succeeds(String... command) {
        return DebianPackages.onPath(command[0]) && Processes.run(List.of(command)).succeeded();
    }
}
