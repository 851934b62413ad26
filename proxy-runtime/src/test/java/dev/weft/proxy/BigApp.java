package dev.weft.proxy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/// An application that speaks HTTP/1.1, one request per connection: it answers `/big` with as many
/// bytes as are taken, [#BIG] at most, and everything else with `ok`. It takes nothing of the body
/// of `/stuck`, and gives its answer only when the connection ends. What it sends lies in one array
/// for all.
final class BigApp implements AutoCloseable {
    static final long BIG = 32L * 1024 * 1024;
    private static final byte[] PART = new byte[64 * 1024];

    /// The kernel's buffers are not what is attacked.
    private static final int SOCKET_BUFFER_BYTES = 16 * 1024;

    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Hop connections;

    BigApp() throws IOException {
        var listening = new ServerSocket();
        listening.setReceiveBufferSize(SOCKET_BUFFER_BYTES);
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        connections = new Hop(listening, (socket, _) -> serve(socket));
    }

    int port() {
        return connections.port();
    }

    private void serve(Socket socket) throws IOException {
        socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
        var in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1),
                        512);
        var target = in.readLine();
        for (var line = target; line != null && !line.isEmpty(); line = in.readLine()) {
            // Nothing of it matters.
        }
        if (target != null) {
            answer(socket, target);
        }
    }

    private void answer(Socket socket, String target) throws IOException {
        if (target.contains(" /stuck ")) {
            // Who does not read does not see the peer's end.
            closed.join();
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
        closed.complete(null);
        connections.close();
    }
}
