package dev.weft.proxy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// An application that speaks HTTP/1.1, one request per connection: it answers `/big` with as many
/// bytes as are taken, [#BIG] at most, and everything else with `ok`. It takes nothing of the body
/// of `/stuck`, and gives its answer only when the connection ends. What it sends lies in one array
/// for all.
final class BigApp implements AutoCloseable {
    static final long BIG = 32L * 1024 * 1024;
    private static final byte[] PART = new byte[64 * 1024];

    /// The kernel's buffers are not what is attacked.
    private static final int SOCKET_BUFFER_BYTES = 16 * 1024;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final ServerSocket listening = new ServerSocket();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    BigApp() throws IOException {
        listening.setReceiveBufferSize(SOCKET_BUFFER_BYTES);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                var socket = listening.accept();
                open.add(socket);
                Thread.startVirtualThread(() -> serve(socket));
            }
        } catch (IOException closed) {
            // Nobody comes any more.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
            var in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.ISO_8859_1),
                            512);
            var target = in.readLine();
            for (var line = target; line != null && !line.isEmpty(); line = in.readLine()) {
                // Nothing of it matters.
            }
            if (target != null) {
                answer(socket, target);
            }
        } catch (IOException | InterruptedException gone) {
            // As it should.
        } finally {
            open.remove(socket);
        }
    }

    private void answer(Socket socket, String target) throws IOException, InterruptedException {
        if (target.contains(" /stuck ")) {
            // Who does not read does not see the peer's end.
            closed.await();
            return;
        }
        var big = target.contains(" /big ");
        socket.getOutputStream()
                .write(
                        ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: "
                                        + (big ? BIG : 2)
                                        + "\r\n\r\n"
                                        + (big ? "" : "ok"))
                                .getBytes(StandardCharsets.US_ASCII));
        for (long sent = 0; big && sent < BIG; sent += PART.length) {
            socket.getOutputStream().write(PART);
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listening.close();
        for (var socket : open) {
            socket.close();
        }
    }
}
