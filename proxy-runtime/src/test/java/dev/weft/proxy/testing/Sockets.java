package dev.weft.proxy.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// Ports of this machine, and who listens there.
public final class Sockets {
    /// Above the injection contract's ports, and below those that Kubernetes has for nodes and the
    /// kernel for whoever takes any.
    private static final int FIRST = 16_384;

    private static final int END = 30_000;

    private static final int UNANSWERED_MILLIS = 300;

    private Sockets() {}

    /// One that nobody listens on just now, and that the kernel gives to nobody who takes any.
    /// Otherwise another socket could have it before the one that it is for; and where both are
    /// proxies', which share ports with their next process, neither would be refused.
    public static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            try (var socket = new ServerSocket(port)) {
                return socket.getLocalPort();
            } catch (BindException taken) {
                // The next one, then.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /// Connects until nobody is connected any more: the kernel drops the SYNs that come then.
    ///
    /// @return what is connected, to be closed
    public static List<Socket> fillQueue(ServerSocket server) throws IOException {
        var connected = new ArrayList<Socket>();
        while (true) {
            var socket = new Socket();
            try {
                socket.connect(server.getLocalSocketAddress(), UNANSWERED_MILLIS);
                connected.add(socket);
            } catch (SocketTimeoutException full) {
                socket.close();
                return connected;
            }
        }
    }

    /// Whether somebody listens.
    public static boolean accepts(int port) {
        try (var probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return probe.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }
}
