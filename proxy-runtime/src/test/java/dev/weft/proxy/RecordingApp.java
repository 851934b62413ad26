package dev.weft.proxy;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// An application that keeps every byte that reaches it, on whichever connection, and answers what
/// it takes for a complete HTTP/1.1 request with an empty 200.
final class RecordingApp implements AutoCloseable {
    private final ServerSocket listening;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private int complete;

    RecordingApp() {
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.submit(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /// What has come, a byte a character.
    synchronized String seen() {
        return seen.toString(StandardCharsets.ISO_8859_1);
    }

    /// How many complete requests have come.
    synchronized int complete() {
        return complete;
    }

    private Void accept() throws IOException {
        while (true) {
            var connection = listening.accept();
            threads.submit(() -> serve(connection));
        }
    }

    private Void serve(Socket connection) throws IOException {
        try (connection) {
            var in = new BufferedInputStream(connection.getInputStream());
            while (request(in)) {
                synchronized (this) {
                    complete++;
                }
                connection
                        .getOutputStream()
                        .write(
                                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
            }
        }
        return null;
    }

    /// @return false: the connection has ended
    private boolean request(InputStream in) throws IOException {
        var length = 0;
        var chunked = false;
        for (var line = line(in); !line.isEmpty(); line = line(in)) {
            if (line.equals("end")) {
                return false;
            }
            var lower = line.toLowerCase();
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring("content-length:".length()).strip());
            }
            chunked |= lower.equals("transfer-encoding: chunked");
        }
        if (chunked) {
            return chunks(in);
        }
        for (int i = 0; i < length; i++) {
            if (read(in) < 0) {
                return false;
            }
        }
        return true;
    }

    private boolean chunks(InputStream in) throws IOException {
        for (var size = line(in); !size.equals("end"); size = line(in)) {
            var length = Integer.parseInt(size, 16);
            for (int i = 0; i < length; i++) {
                read(in);
            }
            if (length == 0) {
                var trailer = line(in);
                while (!trailer.isEmpty() && !trailer.equals("end")) {
                    trailer = line(in);
                }
                return trailer.isEmpty();
            }
            line(in);
        }
        return false;
    }

    /// Without its end; `end` when the connection has ended.
    private String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = read(in); c != '\n'; c = read(in)) {
            if (c < 0) {
                return "end";
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private int read(InputStream in) throws IOException {
        var c = in.read();
        if (c >= 0) {
            synchronized (this) {
                seen.write(c);
            }
        }
        return c;
    }

    @Override
    public void close() throws IOException {
        listening.close();
        threads.shutdownNow();
    }
}
