package dev.weft.proxy.intercept;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/// Runs inside of a network namespace, from its class file alone: listeners that say their port,
/// and calls that say what they reached.
public final class Wire {
    private static final int TIMEOUT_MILLIS = 10_000;

    private Wire() {}

    /// `serve <port>…`, or `call <source or -> <address> <port> …`.
    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("serve")) {
            for (int i = 1; i < arguments.length; i++) {
                serve(Integer.parseInt(arguments[i]));
            }
            System.out.println("up");
        } else {
            System.out.println("calling");
            for (int i = 1; i < arguments.length; i += 3) {
                System.out.println(
                        call(arguments[i], arguments[i + 1], Integer.parseInt(arguments[i + 2])));
            }
        }
    }

    private static void serve(int port) throws IOException {
        var server = new ServerSocket(port);
        Thread.ofPlatform()
                .start(() -> {
                    while (true) {
                        try (var socket = server.accept()) {
                            socket.getOutputStream()
                                    .write(
                                            Integer.toString(port)
                                                    .getBytes(StandardCharsets.US_ASCII));
                        } catch (IOException e) {
                            // the next one may do better
                        }
                    }
                });
    }

    private static String call(String source, String address, int port) {
        try (var socket = new Socket()) {
            if (!source.equals("-")) {
                socket.bind(new InetSocketAddress(InetAddress.ofLiteral(source), 0));
            }
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(
                    new InetSocketAddress(InetAddress.ofLiteral(address), port), TIMEOUT_MILLIS);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (ConnectException e) {
            return "refused";
        } catch (SocketTimeoutException e) {
            return "timeout";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
