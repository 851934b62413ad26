package dev.weft.proxy;

import java.io.BufferedReader;
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
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program that exists as a Go module only, such as a conformance suite, with a short main of our
/// own (`src/test/resources/go/NAME`): built once per machine and kept in the user's cache
/// (`${XDG_CACHE_HOME:-~/.cache}/weft`).
final class GoProgram {
    private static final List<String> SOURCES = List.of("main.go", "go.mod", "go.sum");
    private static final Duration LONGEST_BUILD = Duration.ofMinutes(10);
    private static final Duration LONGEST_RUN = Duration.ofMinutes(10);

    private final String name;
    private final Path binary;

    private GoProgram(String name, Path binary) {
        this.name = name;
        this.binary = binary;
    }

    /// @throws AssertionError Go is missing, or the build fails
    static GoProgram built(String name) throws IOException, InterruptedException {
        var folder = cache();
        Files.createDirectories(folder);
        var binary = folder.resolve(name + "-" + fingerprint(name));
        try (var file =
                        FileChannel.open(
                                folder.resolve(name + ".lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var _ = file.lock()) {
            if (!Files.isExecutable(binary)) {
                build(name, binary);
            }
        }
        return new GoProgram(name, binary);
    }

    /// Runs it to its end.
    Output run(String... arguments) throws IOException, InterruptedException {
        return output(new ProcessBuilder(command(arguments)), LONGEST_RUN);
    }

    /// Starts it; it ends when its standard input does.
    Running start(String... arguments) throws IOException {
        return new Running(
                new ProcessBuilder(command(arguments))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
    }

    private List<String> command(String... arguments) {
        var command = new ArrayList<String>();
        command.add(binary.toString());
        command.addAll(List.of(arguments));
        return command;
    }

    @Override
    public String toString() {
        return name;
    }

    /// What a program printed, and its exit status.
    record Output(int status, String text) {}

    /// One that goes on beside the test.
    static final class Running implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;

        private Running(Process process) {
            this.process = process;
            this.out = process.inputReader(StandardCharsets.UTF_8);
        }

        /// The next number that it prints on a line of its own.
        int number() throws IOException {
            return Integer.parseInt(line());
        }

        /// The next line that it prints.
        String line() throws IOException {
            var line = out.readLine();
            if (line == null) {
                throw new AssertionError("it ended");
            }
            return line;
        }

        void tell(int number) throws IOException {
            tell("" + number);
        }

        void tell(String line) throws IOException {
            var in = process.outputWriter(StandardCharsets.UTF_8);
            in.write(line + "\n");
            in.flush();
        }

        @Override
        public void close() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    private static void build(String program, Path binary)
            throws IOException, InterruptedException {
        System.err.println("Building " + program + " from Go modules (once per machine) …");
        var start = System.nanoTime();
        var sources = Files.createTempDirectory("weft-go-");
        try {
            for (var name : SOURCES) {
                Files.write(sources.resolve(name), source(program, name));
            }
            var built = sources.resolve(program);
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
                throw new AssertionError(program + " could not be built:\n" + output.text());
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
        System.err.printf("Building %s: %.1f s%n", program, (System.nanoTime() - start) / 1e9);
    }

    private static Output output(ProcessBuilder builder, Duration longest)
            throws IOException, InterruptedException {
        var into = Files.createTempFile("weft-go-", ".out");
        try {
            var process = begin(builder.redirectErrorStream(true).redirectOutput(into.toFile()));
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

    private static Process begin(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException missing) {
            throw new AssertionError(
                    "Cannot run `"
                            + builder.command().getFirst()
                            + "`. Programs of these tests are built with Go 1.26 or newer: install it"
                            + " and put `go` on the PATH.",
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

    private static String fingerprint(String program) throws IOException {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(System.getProperty("os.arch").getBytes(StandardCharsets.UTF_8));
            for (var name : SOURCES) {
                digest.update(source(program, name));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    private static byte[] source(String program, String name) throws IOException {
        try (var in = GoProgram.class.getResourceAsStream("/go/" + program + "/" + name)) {
            if (in == null) {
                throw new IllegalStateException("no resource go/" + program + "/" + name);
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
