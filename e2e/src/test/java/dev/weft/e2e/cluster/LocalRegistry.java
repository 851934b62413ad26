package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A registry that this machine pushes to and a local node pulls from, under one name: the node has
/// the same loopback port, which leads to the registry by a Unix socket in the cluster's folder.
final class LocalRegistry implements AutoCloseable {
    private final Process registry;
    private final Process way;
    private final String port;

    private LocalRegistry(Process registry, Process way, String port) {
        this.registry = registry;
        this.way = way;
        this.port = port;
    }

    static LocalRegistry start(Cluster cluster) {
        var program = new Parts(Cache.ofUser(), Progress.toStandardError()).registry();
        var socket = cluster.kubeconfig().resolveSibling("registry.sock").toString();
        var images = cluster.kubeconfig().resolveSibling("registry").toString();
        try {
            var registry =
                    new ProcessBuilder(List.of(program.toString(), socket, images))
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            var lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    registry.getInputStream(), StandardCharsets.UTF_8));
            var port = lines.readLine();
            var way =
                    new ProcessBuilder(
                                    cluster.node()
                                            .orElseThrow()
                                            .commandLine(
                                                    "socat",
                                                    "TCP-LISTEN:" + port + ",bind=127.0.0.1,fork",
                                                    "UNIX-CONNECT:" + socket))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return new LocalRegistry(registry, way, port);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    String name() {
        return "http://localhost:" + port + "/weft";
    }

    @Override
    public void close() {
        way.destroyForcibly();
        registry.destroyForcibly();
    }
}
