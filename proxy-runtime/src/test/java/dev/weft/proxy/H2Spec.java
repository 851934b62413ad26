package dev.weft.proxy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The conformance tool h2spec, built once per machine from its Go module and kept in the user's
/// cache (`${XDG_CACHE_HOME:-~/.cache}/weft`).
final class H2Spec {
    private static final List<String> SOURCES = List.of("main.go", "go.mod", "go.sum");

    /// A case waits so long for what must come; only one that fails takes it.
    private static final Duration WAIT = Duration.ofSeconds(10);

    private static final Duration LONGEST_BUILD = Duration.ofMinutes(10);
    private static final Duration LONGEST_RUN = Duration.ofMinutes(10);

    private final Path binary;

    private H2Spec(Path binary) {
        this.binary = binary;
    }

    /// @throws AssertionError Go is missing, or the build fails
    static H2Spec built() throws IOException, InterruptedException {
        var folder = cache();
        Files.createDirectories(folder);
        var binary = folder.resolve("h2spec-" + fingerprint());
        try (var file =
                        FileChannel.open(
                                folder.resolve("h2spec.lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var _ = file.lock()) {
            if (!Files.isExecutable(binary)) {
                build(binary);
            }
        }
        return new H2Spec(binary);
    }

    /// What it printed: each case that failed, at its end a line with the counts.
    String run(int port) throws IOException, InterruptedException {
        return output(
                        new ProcessBuilder(
                                binary.toString(),
                                "-port",
                                String.valueOf(port),
                                "-wait",
                                WAIT.toSeconds() + "s"),
                        LONGEST_RUN)
                .text();
    }

    private static void build(Path binary) throws IOException, InterruptedException {
        System.err.println("Building h2spec from its Go module (once per machine) …");
        var start = System.nanoTime();
        var sources = Files.createTempDirectory("weft-h2spec-");
        try {
            for (var name : SOURCES) {
                Files.write(sources.resolve(name), source(name));
            }
            var built = sources.resolve("h2spec");
            var builder =
                    new ProcessBuilder(
                                    "go",
                                    "build",
                                    "-trimpath",
                                    "-buildvcs=false",
                                    "-o",
                                    built.toString(),
                                    ".")
                            .directory(sources.toFile());
            builder.environment().put("CGO_ENABLED", "0");
            builder.environment().put("GOWORK", "off");
            builder.environment().put("GOFLAGS", "-mod=readonly");
            var output = output(builder, LONGEST_BUILD);
            if (output.status() != 0) {
                throw new AssertionError("h2spec could not be built:\n" + output.text());
            }
            var beside = binary.resolveSibling(binary.getFileName() + ".part");
            Files.copy(
                    built,
                    beside,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(beside, binary, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            delete(sources);
        }
        System.err.printf("Building h2spec: %.1f s%n", (System.nanoTime() - start) / 1e9);
    }

    private record Output(int status, String text) {}

    private static Output output(ProcessBuilder builder, Duration longest)
            throws IOException, InterruptedException {
        var into = Files.createTempFile("weft-h2spec-", ".out");
        try {
            var process = start(builder.redirectErrorStream(true).redirectOutput(into.toFile()));
            try {
                if (!process.waitFor(longest.toSeconds(), TimeUnit.SECONDS)) {
                    throw new AssertionError(
                            "not done after " + longest + ":\n" + Files.readString(into));
                }
                return new Output(process.exitValue(), Files.readString(into));
            } finally {
                process.destroyForcibly();
            }
        } finally {
            Files.delete(into);
        }
    }

    private static Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException missing) {
            throw new AssertionError(
                    "Cannot run `"
                            + builder.command().getFirst()
                            + "`. h2spec is built with Go 1.26 or newer: install it and put `go` on"
                            + " the PATH.",
                    missing);
        }
    }

    private static Path cache() {
        var named = System.getenv("XDG_CACHE_HOME");
        var base =
                named != null && named.startsWith("/")
                        ? Path.of(named)
                        : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("weft");
    }

    private static String fingerprint() throws IOException {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(System.getProperty("os.arch").getBytes(StandardCharsets.UTF_8));
            for (var name : SOURCES) {
                digest.update(source(name));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    private static byte[] source(String name) throws IOException {
        try (var in = H2Spec.class.getResourceAsStream("/h2spec/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no resource h2spec/" + name);
            }
            return in.readAllBytes();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
