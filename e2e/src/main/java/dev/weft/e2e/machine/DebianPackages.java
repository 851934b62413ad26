package dev.weft.e2e.machine;

import dev.weft.e2e.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Programs that Weft's tools use and Debian packages bring.
public final class DebianPackages {
    /// Package → a program or file of it.
    private static final Map<String, String> PROVES = new LinkedHashMap<>();

    static {
        PROVES.put("runc", "runc");
        PROVES.put("containernetworking-plugins", "/usr/lib/cni/ptp");
        PROVES.put("iptables", "iptables");
        PROVES.put("nftables", "nft");
        PROVES.put("conntrack", "conntrack");
        PROVES.put("socat", "socat");
        PROVES.put("iproute2", "ip");
        PROVES.put("procps", "sysctl");
        PROVES.put("openssl", "openssl");
        PROVES.put("tcpdump", "tcpdump");
        PROVES.put("mmdebstrap", "mmdebstrap");
    }

    /// Those that the images use alone.
    public static final List<String> FOR_IMAGES = List.of("mmdebstrap");

    private DebianPackages() {}

    /// All that the local cluster and the images use.
    public static List<String> missing() {
        return missing(PROVES.keySet());
    }

    public static List<String> missing(Collection<String> packages) {
        return packages.stream().filter(name -> !present(PROVES.getOrDefault(name, name))).toList();
    }

    /// Installs what is missing, or says in one sentence that somebody must.
    public static void ensure(Collection<String> packages, Progress progress) {
        var missing = missing(packages);
        if (missing.isEmpty()) {
            return;
        }
        if (!canInstall()) {
            throw new UnusableException(sentence(missing));
        }
        install(missing, progress);
    }

    public static boolean canInstall() {
        return onPath("apt-get") && Files.isWritable(Path.of("/var/lib/dpkg"));
    }

    public static String sentence(List<String> missing) {
        return "Programs are missing: install these Debian packages, or what your system calls them: "
                + String.join(" ", missing)
                + ".";
    }

    public static void install(List<String> packages, Progress progress) {
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

    public static boolean onPath(String program) {
        var path = System.getenv("PATH");
        return Stream.of(((path == null ? "" : path) + ":/usr/sbin:/sbin").split(":"))
                .filter(folder -> !folder.isEmpty())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
