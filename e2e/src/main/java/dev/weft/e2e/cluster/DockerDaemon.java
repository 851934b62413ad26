package dev.weft.e2e.cluster;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/// Whether something listens where a Docker daemon would: at `DOCKER_HOST`, else at the usual
/// sockets. What it is worth, [DockerCluster] finds out.
final class DockerDaemon {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private DockerDaemon() {}

    static boolean listens() {
        return listens(
                Optional.ofNullable(System.getenv("DOCKER_HOST")).filter(host -> !host.isEmpty()),
                Path.of(System.getProperty("user.home")));
    }

    static boolean listens(Optional<String> dockerHost, Path home) {
        return dockerHost
                .map(host -> listens(URI.create(host)))
                .orElseGet(() ->
                        Stream.of(
                                        Path.of("/var/run/docker.sock"),
                                        home.resolve(".docker/run/docker.sock"))
                                .anyMatch(DockerDaemon::listens));
    }

    private static boolean listens(URI host) {
        return switch (String.valueOf(host.getScheme())) {
            case "unix" -> listens(Path.of(host.getPath()));
            case "tcp", "http", "https" -> listens(host.getHost(), host.getPort());
            default -> true; // reached by other means, such as ssh: Docker's client must try
        };
    }

    private static boolean listens(Path socket) {
        try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return true;
        } catch (IOException nobody) {
            return false;
        }
    }

    private static boolean listens(String host, int port) {
        try (var socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(host, port < 0 ? 2375 : port), (int) LIMIT.toMillis());
            return true;
        } catch (IOException nobody) {
            return false;
        }
    }
}
