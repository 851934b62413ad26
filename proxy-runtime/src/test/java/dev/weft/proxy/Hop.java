package dev.weft.proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A place between two proxies where the test decides what becomes of each connection.
final class Hop implements AutoCloseable {
    /// Has a virtual thread of its own; the socket is closed when it returns, or with the hop.
    interface Way {
        /// @param number of the connection, from 0
        void carry(Socket socket, int number) throws IOException;
    }

    private final ServerSocket entrance;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger number = new AtomicInteger();

    Hop(Way way) throws IOException {
        this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), way);
    }

    /// @param entrance is the hop's from now on
    Hop(ServerSocket entrance, Way way) {
        this.entrance = entrance;
        run(() -> {
            while (true) {
                var socket = entrance.accept();
                sockets.add(socket);
                run(() -> {
                    try (socket) {
                        way.carry(socket, number.getAndIncrement());
                    }
                });
            }
        });
    }

    int port() {
        return entrance.getLocalPort();
    }

    /// Carries both directions, ends included, until both have ended.
    static void pass(Socket socket, Socket onwards) throws IOException {
        pass(socket, onwards, () -> socket.getInputStream().transferTo(onwards.getOutputStream()));
    }

    /// The same, with each byte onwards written for itself.
    static void passByteByByte(Socket socket, Socket onwards) throws IOException {
        pass(
                socket,
                onwards,
                () -> {
                    var in = socket.getInputStream();
                    for (int next = in.read(); next >= 0; next = in.read()) {
                        onwards.getOutputStream().write(next);
                    }
                });
    }

    private static void pass(Socket socket, Socket onwards, Io there) throws IOException {
        var answers =
                run(() -> {
                    onwards.getInputStream().transferTo(socket.getOutputStream());
                    socket.shutdownOutput();
                });
        there.run();
        onwards.shutdownOutput();
        try {
            answers.join();
        } catch (InterruptedException impossible) {
            throw new IOException(impossible);
        }
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        for (var socket : sockets) {
            socket.close();
        }
    }

    private interface Io {
        void run() throws IOException;
    }

    private static Thread run(Io io) {
        return Thread.ofVirtual()
                .start(() -> {
                    try {
                        io.run();
                    } catch (IOException ended) {
                        // The test sees it by what is missing.
                    }
                });
    }
}
