package dev.weft.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A client that has nothing to do with it: one request after the other, each by a connection of
/// its own, until it is closed.
final class Bystander implements AutoCloseable {
    final List<String> failures = new CopyOnWriteArrayList<>();
    final AtomicInteger served = new AtomicInteger();
    private final int port;
    private final Thread thread;
    private volatile boolean stopped;

    Bystander(int port) {
        this.port = port;
        thread = Thread.ofPlatform().start(this::run);
    }

    private void run() {
        while (!stopped) {
            try {
                var answer = get(port, "/");
                if (answer.startsWith("HTTP/1.1 200 ")) {
                    served.incrementAndGet();
                } else {
                    failures.add(answer.isEmpty() ? "no answer" : answer);
                }
            } catch (IOException failed) {
                failures.add(failed.toString());
            }
        }
    }

    static String get(int port, String path) throws IOException {
        return get(port, path, "accept: */*");
    }

    /// @param header a whole line
    static String get(int port, String path, String header) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write(
                            ("GET "
                                            + path
                                            + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                                            + header
                                            + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        thread.join();
    }
}
