package dev.weft.benchmarks.compare;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// A proxy that runs, within the memory of an injected one. Its standard output is its access log,
/// and goes to a file like its errors.
final class ProxyProcess implements AutoCloseable {
    private static final Duration MOST = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(2);

    private final MemoryLimit memory = MemoryLimit.create();
    private final Process process;
    private final Path accessLog;
    private final Path errors;
    private final long begun;
    private @Nullable Duration readyAfter;

    /// @param core the processor on which it must stay
    /// @param folder where its output goes
    ProxyProcess(int core, Path folder, List<String> command) {
        accessLog = folder.resolve("access.log");
        errors = folder.resolve("errors.log");
        var pinned = new ArrayList<>(List.of("taskset", "--cpu-list", Integer.toString(core)));
        pinned.addAll(command);
        begun = System.nanoTime();
        try {
            process =
                    new ProcessBuilder(memory.around(pinned))
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(accessLog.toFile()))
                            .redirectError(errors.toFile())
                            .start();
        } catch (IOException e) {
            memory.close();
            throw new UncheckedIOException(e);
        }
    }

    /// Waits for `/ready` on a port that may be known only later (0 until then).
    void awaitReady(IntSupplier port) {
        while (System.nanoTime() - begun < MOST.toNanos()) {
            if (!process.isAlive()) {
                break;
            }
            var now = port.getAsInt();
            if (now != 0 && ready(now)) {
                readyAfter = Duration.ofNanos(System.nanoTime() - begun);
                return;
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
        throw new IllegalStateException("a proxy does not become ready: " + tail());
    }

    Duration readyAfter() {
        if (readyAfter == null) {
            throw new IllegalStateException("nobody has waited for it");
        }
        return readyAfter;
    }

    Proc proc() {
        return new Proc(Long.toString(process.pid()));
    }

    /// Empties the access log: a run writes gigabytes.
    void forgetAccessLog() {
        try (var _ = new FileOutputStream(accessLog.toFile())) {
            // opened for writing, it is empty; the proxy appends
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String tail() {
        try {
            var text = Files.readString(errors);
            return text.substring(Math.max(0, text.length() - 2000));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean ready(int port) {
        return get(port, "/ready").startsWith("HTTP/1.1 200");
    }

    /// The whole answer as text; empty when there is none.
    static String get(int port, String path) {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(2000);
            socket.getOutputStream()
                    .write(
                            "GET %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                                    .formatted(path)
                                    .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        memory.close();
    }
}
