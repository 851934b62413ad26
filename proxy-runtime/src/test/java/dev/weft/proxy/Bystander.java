package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.HEADERS;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A client that has nothing to do with it: one request after the other, each by a connection of
/// its own, until it is closed. Who waits for longer than [#PATIENCE] is not served.
final class Bystander implements AutoCloseable {
    /// Requests while an attack stands.
    static final int MEANWHILE = 300;

    static final Duration PATIENCE = Duration.ofSeconds(8);

    final List<String> failures = new CopyOnWriteArrayList<>();
    final AtomicInteger served = new AtomicInteger();
    private final Request request;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile long slowestNanos;

    private interface Request {
        /// @return what is wrong, or empty
        String send() throws IOException;
    }

    private Bystander(Request request) {
        this.request = request;
        thread = Thread.ofPlatform().start(this::run);
    }

    static Bystander http1(int port) {
        return new Bystander(() -> {
            var answer = get(port, "/");
            return answer.startsWith("HTTP/1.1 200 ") ? "" : "answer: " + answer;
        });
    }

    static Bystander http2(int port) {
        return new Bystander(() -> {
            try (var client = new RawHttp2(port)) {
                client.get(1, "/");
                var body =
                        client.await(frame -> frame.stream() == 1 && frame.type() != HEADERS)
                                .payload();
                var text = new String(body, StandardCharsets.US_ASCII);
                return text.equals("hello") ? "" : "answer: " + text;
            }
        });
    }

    /// Whether it got an answer, which says that the proxy has too much to do.
    static boolean wasRefused(String failure) {
        return failure.startsWith("answer: HTTP/1.1 503 ") && failure.contains("short of memory");
    }

    /// Whether its connection was closed, as it is where the proxy takes no more of them.
    static boolean wasClosed(String failure) {
        return failure.equals("answer: ") || failure.contains("SocketException");
    }

    /// Whether it was served, but had to wait: a machine that is busy is slow, too.
    static boolean wasLate(String failure) {
        return failure.startsWith("after ");
    }

    /// As a connection for which there is no place is, or one that had to wait for it.
    static boolean hadNoPlace(String failure) {
        return wasClosed(failure) || wasLate(failure);
    }

    private void run() {
        while (!stopped) {
            var begun = System.nanoTime();
            try {
                var wrong = request.send();
                if (wrong.isEmpty()) {
                    served.incrementAndGet();
                } else {
                    failures.add(wrong);
                }
            } catch (IOException failed) {
                failures.add(failed.toString());
            }
            var nanos = System.nanoTime() - begun;
            slowestNanos = Math.max(slowestNanos, nanos);
            if (nanos > PATIENCE.toNanos()) {
                failures.add("after " + nanos / 1_000_000 + " ms");
            }
        }
    }

    /// The longest time that a request has taken.
    long slowestMillis() {
        return slowestNanos / 1_000_000;
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
