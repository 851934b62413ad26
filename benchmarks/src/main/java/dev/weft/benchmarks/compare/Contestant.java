package dev.weft.benchmarks.compare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;

/// One of the two that are compared.
interface Contestant {
    String CLIENT_ID = "spiffe://cluster.local/ns/bench/sa/client";
    String SERVER_ID = "spiffe://cluster.local/ns/bench/sa/server";

    String name();

    /// Starts proxies, one after the other, and waits until each is ready.
    Chain start(Topology topology, App app);

    /// Starts one proxy of a pod that nobody calls yet.
    Chain startOne(App app);

    /// Free ports for the names that the templates use, and those of the application.
    static Map<String, String> ports(App app) {
        var ports = new HashMap<String, String>();
        ports.put("appHttp1", Integer.toString(app.port(Protocol.HTTP1)));
        ports.put("appHttp2", Integer.toString(app.port(Protocol.HTTP2)));
        ports.put("appTcp", Integer.toString(app.port(Protocol.TCP)));
        for (var name : new String[] {"http1", "http2", "tcp", "inbound"}) {
            ports.put(name, Integer.toString(freePort()));
        }
        return ports;
    }

    static Map<Protocol, Integer> clientPorts(Map<String, String> ports) {
        var http2 = port(ports, "http2");
        return Map.of(
                Protocol.HTTP1,
                port(ports, "http1"),
                Protocol.HTTP2,
                http2,
                Protocol.GRPC,
                http2,
                Protocol.TCP,
                port(ports, "tcp"));
    }

    private static int port(Map<String, String> ports, String name) {
        return Integer.parseInt(ports.getOrDefault(name, "0"));
    }

    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
