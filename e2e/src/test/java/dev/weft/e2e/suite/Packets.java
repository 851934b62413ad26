package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.mesh.Until;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// What passes the node's side of the pods' veths, as bytes.
public final class Packets implements AutoCloseable {
    private static final String READY = "listening on";

    private final Process tcpdump;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reading;

    private Packets(Process tcpdump) {
        this.tcpdump = tcpdump;
        this.reading = Thread.ofVirtual().start(this::read);
    }

    /// @param filter in tcpdump's language
    public static Packets capture(Node node, String filter) throws IOException {
        var messages = java.nio.file.Files.createTempFile("weft-tcpdump", ".txt");
        var process =
                new ProcessBuilder(
                                node.commandLine(
                                        "tcpdump", "-i", "any", "-s", "0", "-U", "-w", "-", filter))
                        .redirectError(messages.toFile())
                        .start();
        var packets = new Packets(process);
        try {
            Until.isTrue(
                    "tcpdump to listen",
                    Duration.ofSeconds(10),
                    () -> contains(messages, READY),
                    () -> "nothing");
        } finally {
            java.nio.file.Files.delete(messages); // it has said what it was asked for
        }
        return packets;
    }

    private static boolean contains(java.nio.file.Path file, String text) {
        try {
            return java.nio.file.Files.readString(file).contains(text);
        } catch (IOException unreadable) {
            return false;
        }
    }

    private void read() {
        var buffer = new byte[64 * 1024];
        try (var in = tcpdump.getInputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                synchronized (bytes) {
                    bytes.write(buffer, 0, read);
                }
            }
        } catch (IOException ended) {
            // The process was ended: what came is what there is.
        }
    }

    /// Whether the text has passed in clear so far.
    public boolean contain(String text) {
        return text().contains(text);
    }

    /// Bytes so far.
    public int size() {
        synchronized (bytes) {
            return bytes.size();
        }
    }

    private String text() {
        synchronized (bytes) {
            return bytes.toString(StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public void close() {
        tcpdump.descendants().forEach(ProcessHandle::destroy);
        tcpdump.destroy();
        try {
            if (!tcpdump.waitFor(5, TimeUnit.SECONDS)) {
                tcpdump.destroyForcibly();
            }
            reading.join(Duration.ofSeconds(5));
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
