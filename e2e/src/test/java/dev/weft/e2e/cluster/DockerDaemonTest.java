package dev.weft.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerDaemonTest {
    @TempDir private Path home;

    @Test
    void a_socket_counts_only_while_somebody_listens() throws Exception {
        var socket = home.resolve("docker.sock");
        var host = Optional.of("unix://" + socket);
        try (var daemon = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            daemon.bind(UnixDomainSocketAddress.of(socket));
            assertThat(DockerDaemon.listens(host, home)).isTrue();
        }

        assertThat(socket).exists();
        assertThat(DockerDaemon.listens(host, home)).isFalse();
    }

    @Test
    void a_port_counts_only_while_somebody_listens() throws Exception {
        String host;
        try (var daemon = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            host = "tcp://127.0.0.1:" + daemon.getLocalPort();
            assertThat(DockerDaemon.listens(Optional.of(host), home)).isTrue();
        }

        assertThat(DockerDaemon.listens(Optional.of(host), home)).isFalse();
    }
}
