package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a local cluster needs from the machine, looked at before anything is begun.
final class Prerequisites {
    static final int GO_MINOR = 26;
    static final long FREE_BYTES = 6L << 30;
    static final long FREE_BYTES_TO_BUILD = 12L << 30;

    /// A file that one of Debian's packages brings → the package.
    private static final Map<String, String> PACKAGES = new LinkedHashMap<>();

    static {
        PACKAGES.put("runc", "runc");
        PACKAGES.put("/usr/lib/cni/ptp", "containernetworking-plugins");
        PACKAGES.put("iptables", "iptables");
        PACKAGES.put("nft", "nftables");
        PACKAGES.put("conntrack", "conntrack");
        PACKAGES.put("socat", "socat");
        PACKAGES.put("ip", "iproute2");
        PACKAGES.put("sysctl", "procps");
        PACKAGES.put("openssl", "openssl");
        PACKAGES.put("mmdebstrap", "mmdebstrap");
        PACKAGES.put("tcpdump", "tcpdump");
    }

    private static final Pattern GO_VERSION = Pattern.compile("go version go1\\.(\\d+)");

    /// What was seen of the machine.
    record Machine(
            String os,
            boolean root,
            boolean namespaces,
            boolean hasApt,
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
            install(machine.missingPackages(), progress);
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
        if (!machine.missingPackages().isEmpty() && !(machine.hasApt() && machine.root())) {
            problems.add(
                    "A local cluster needs programs that are not here: install these Debian packages, or what your"
                            + " system calls them: "
                            + String.join(" ", machine.missingPackages())
                            + ".");
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
                    onPath("apt-get"),
                    PACKAGES.entrySet().stream()
                            .filter(each -> !present(each.getKey()))
                            .map(Map.Entry::getValue)
                            .toList(),
                    mustBuild && onPath("go")
                            ? Processes.run(List.of("go", "version")).stdout()
                            : "",
                    mustBuild,
                    Files.getFileStore(cache).getUsableSpace(),
                    cache);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void install(List<String> packages, Progress progress) {
        progress.say("Installing Debian packages: " + String.join(" ", packages));
        if (!apt(packages).succeeded()) {
            // Stale lists are the usual reason.
            Processes.run(apt("update"));
            apt(packages).orThrow();
        }
    }

    private static Output apt(List<String> packages) {
        var command =
                Stream.concat(
                        Stream.of("install", "-y", "--no-install-recommends"), packages.stream());
        return Processes.run(apt(command.toArray(String[]::new)));
    }

    private static ProcessBuilder apt(String... arguments) {
        var command = Stream.concat(Stream.of("apt-get", "-q"), Stream.of(arguments)).toList();
        var builder = new ProcessBuilder(command);
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        return builder;
    }

    private static boolean present(String file) {
        return file.startsWith("/") ? Files.exists(Path.of(file)) : onPath(file);
    }

    static boolean onPath(String program) {
        var folders =
                Stream.of(
                        String.valueOf(System.getenv("PATH")).split(":"),
                        new String[] {"/usr/sbin", "/sbin"});
        return folders
                .flatMap(Stream::of)
                .filter(folder -> !folder.isEmpty())
                .collect(Collectors.toSet())
                .stream()
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static boolean succeeds(String... command) {
        return onPath(command[0]) && Processes.run(List.of(command)).succeeded();
    }
}
