package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.cache.Folders;
import dev.weft.e2e.machine.DebianPackages;
import dev.weft.e2e.machine.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What all images stand on, in two layers: the few Debian packages that a JVM and the proxy's
/// set-up need, and a JDK 25 with the modules that Weft uses. Made once per machine.
final class Base {
    private static final String SUITE = "bookworm";

    /// nftables programs a pod's interception. busybox is the dynamic one: a static one cannot
    /// resolve names with glibc.
    private static final List<String> PACKAGES =
            List.of("libc6", "zlib1g", "libstdc++6", "nftables", "busybox");

    /// What `kubectl exec` is used with. No `ip` and no `nc`: a test that needs more brings its
    /// own.
    private static final String APPLETS =
            "sh ash cat ls cp mv rm ln mkdir rmdir touch chmod chown stat du df find xargs grep sed awk cut sort uniq tr wc head tail tee"
                    + " echo printf true false test [ expr seq sleep timeout date env id whoami hostname uname ps kill pgrep pkill top free"
                    + " wget nc nslookup netstat ping vi less od hexdump sha256sum base64 gzip tar";

    private static final String MODULES =
            "java.se,jdk.attach,jdk.crypto.cryptoki,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.naming.dns,jdk.net,"
                    + "jdk.nio.mapmode,jdk.sctp,jdk.security.auth,jdk.unsupported,jdk.zipfs";

    private static final List<String> PASSWD =
            List.of(
                    "root:x:0:0:root:/:/bin/sh",
                    "weft:x:1337:1337:weft:/:/bin/sh",
                    "nonroot:x:65532:65532:nonroot:/:/bin/sh",
                    "nobody:x:65534:65534:nobody:/:/bin/sh");

    private final Cache cache;
    private final Progress progress;

    Base(Cache cache, Progress progress) {
        this.cache = cache;
        this.progress = progress;
    }

    /// A docker-archive of the two layers.
    Path archive() {
        return cache.get("image-base", fingerprint(), this::make).resolve("base.tar");
    }

    Fingerprint fingerprint() {
        return Fingerprint.builder()
                .add("recipe 1")
                .add(SUITE)
                .add(String.join(" ", PACKAGES))
                .add(APPLETS)
                .add(MODULES)
                .add(String.join("\n", PASSWD))
                .add(jdk().toString())
                .add(System.getProperty("java.vm.version"))
                .add(architecture())
                .build();
    }

    static String architecture() {
        var arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return switch (arch) {
            case "amd64", "x86_64" -> "amd64";
            case "aarch64", "arm64" -> "arm64";
            default -> throw new IllegalStateException("no images are made for " + arch);
        };
    }

    private static Path jdk() {
        return Path.of(System.getProperty("java.home"));
    }

    private void make(Path folder) throws IOException {
        DebianPackages.ensure(DebianPackages.FOR_IMAGES, progress);
        var debian = folder.resolve("debian");
        progress.timed("Making the images' base: Debian packages", () -> debian(debian));
        var java = folder.resolve("jdk");
        progress.timed("Making the images' base: JDK", () -> jdk(java));
        try (var archive = new DockerArchive(folder.resolve("base.tar"))) {
            archive.layer(debian);
            archive.layer(java);
            archive.finish("localhost/weft/base:1", architecture());
        }
        Folders.delete(debian);
        Folders.delete(java);
    }

    private static Path debian(Path root) {
        Processes.must(
                "mmdebstrap",
                "--quiet",
                "--variant=extract",
                "--architectures=" + architecture(),
                "--include=" + String.join(",", PACKAGES),
                SUITE,
                root.toString());
        try {
            for (var unwanted : List.of("usr/share", "usr/games", "var", "dev", "tmp")) {
                Folders.delete(root.resolve(unwanted));
            }
            for (var wanted :
                    List.of(
                            "bin", "dev", "etc", "proc", "run", "sys", "tmp", "var/lib", "var/tmp",
                            "opt")) {
                Files.createDirectories(root.resolve(wanted));
            }
            for (var open : List.of("tmp", "var/tmp")) {
                Processes.must("chmod", "1777", root.resolve(open).toString());
            }
            Files.createSymbolicLink(root.resolve("var/run"), Path.of("/run"));
            Files.write(root.resolve("etc/passwd"), PASSWD);
            Files.write(
                    root.resolve("etc/group"),
                    PASSWD.stream()
                            .map(line -> line.split(":"))
                            .map(f -> f[0] + ":x:" + f[3] + ":")
                            .toList());
            Files.writeString(root.resolve("etc/nsswitch.conf"), "hosts: files dns\n");
            for (var applet : APPLETS.split(" ")) {
                var link = root.resolve("bin").resolve(applet);
                if (!Files.exists(link)) {
                    Files.createSymbolicLink(link, Path.of("busybox"));
                }
            }
            return root;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path jdk(Path root) {
        try {
            Files.createDirectories(root.resolve("opt"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var command = new ArrayList<>(List.of(jdk().resolve("bin/jlink").toString()));
        command.addAll(
                List.of(
                        "--add-modules",
                        MODULES,
                        "--strip-debug",
                        "--no-header-files",
                        "--no-man-pages"));
        command.addAll(
                List.of("--generate-cds-archive", "--output", root.resolve("opt/java").toString()));
        Processes.must(command.toArray(String[]::new));
        return root;
    }
}
