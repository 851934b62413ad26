package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Sockets.accepts;
import static dev.weft.proxy.testing.Sockets.freePort;

import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// A proxy as a process of its own, with the memory that the image gives it and the limits that the
/// control plane does ([Shipped]), in front of an HTTP/1.1 and an HTTP/2 application.
final class ProxyProcess implements AutoCloseable {
    /// What an injected proxy may have at most.
    static final long LIMIT_BYTES = 256L << 20;

    /// A JVM's start is nothing but work for the CPU.
    private static final Duration START = Duration.ofMinutes(1);

    final int http1 = freePort();
    final int http2 = freePort();
    final int tls = freePort();
    final int tcp = freePort();

    /// What the application calls by HTTP/1.1; all others are of the inbound side.
    final int outbound = freePort();

    final TestMesh mesh;
    final TestControlPlane controlPlane;
    private final Path folder;
    private final Path output;
    private final Process process;
    private final HttpClient scraper = HttpClient.newHttpClient();

    /// @param flags besides those of the image
    ProxyProcess(Path folder, int http1App, int http2App, String... flags) throws IOException {
        this.folder = folder;
        mesh = new TestMesh(folder);
        controlPlane = new TestControlPlane(mesh.authority).start();
        mesh.bootstrap("a", controlPlane.port());
        mesh.revision("a");
        output = folder.resolve("output");
        configure(http1App, http2App);
        process = launch(output, Map.of(), flags);
        try {
            eventually("it is ready, see " + output, START, () -> accepts(http1) && accepts(http2));
        } catch (AssertionError late) {
            close();
            throw late;
        }
    }

    private void configure(int http1App, int http2App) {
        cluster("app1", http1App);
        cluster("app2", http2App);
        listener("http1", http1, Xds.chain(Shipped.inbound(CodecType.HTTP1, "app1")));
        listener("http2", http2, Xds.chain(Shipped.inbound(CodecType.HTTP2, "app2")));
        listener("tcp", tcp, Xds.chain(Shipped.tcp("app1")));
        listener(
                "outbound",
                outbound,
                TrafficDirection.OUTBOUND,
                Xds.chain(Shipped.outbound(CodecType.HTTP1, "app1")));
        controlPlane.put(
                ResourceType.LISTENER,
                "tls",
                "1",
                Xds.sniffing(Xds.listener("tls", tls), 15_000)
                        .setTrafficDirection(TrafficDirection.INBOUND)
                        .addFilterChains(
                                Xds.meshChain(
                                        "weft1-http/1.1", Shipped.inbound(CodecType.HTTP1, "app1")))
                        .build());
        for (var name : List.of("virtualInbound", "virtualOutbound")) {
            listener(name, 0, Xds.chain(Shipped.tcp("app1")));
        }
    }

    private void cluster(String name, int port) {
        controlPlane.put(ResourceType.CLUSTER, name, "1", Shipped.cluster(name, port));
    }

    private void listener(String name, int port, FilterChain.Builder chain) {
        listener(name, port, TrafficDirection.INBOUND, chain);
    }

    private void listener(
            String name, int port, TrafficDirection direction, FilterChain.Builder chain) {
        controlPlane.put(
                ResourceType.LISTENER,
                name,
                "1",
                Xds.listener(name, port)
                        .setTrafficDirection(direction)
                        .addFilterChains(chain)
                        .build());
    }

    private Process launch(Path output, Map<String, String> environment, String... flags)
            throws IOException {
        var builder =
                new ProcessBuilder(TestProxyMain.command(folder, flags))
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /// One more proxy of the same pod, in another slot.
    Process another(String slot) throws IOException {
        return launch(folder.resolve("output-" + slot), Map.of("WEFT_SLOT", slot));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /// How it ends.
    CompletableFuture<Integer> exitStatus() {
        return process.onExit().thenApply(Process::exitValue);
    }

    /// Tells garbage from what lives.
    void collect() throws IOException, InterruptedException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        new ProcessBuilder(jcmd, Long.toString(process.pid()), "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("jcmd").toFile())
                .start()
                .waitFor();
    }

    /// Forgets the most that has been resident.
    void forgetPeak() throws IOException {
        Files.writeString(proc("clear_refs"), "5");
    }

    /// The most that has been resident since.
    long peakBytes() throws IOException {
        return kilobytes("VmHWM:") << 10;
    }

    long residentBytes() throws IOException {
        return kilobytes("VmRSS:") << 10;
    }

    /// Pages of files, resident now: where memory is short the kernel takes them back.
    long fileBytes() throws IOException {
        return kilobytes("RssFile:") << 10;
    }

    private long kilobytes(String field) throws IOException {
        return Files.readAllLines(proc("status")).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    private Path proc(String file) {
        return Path.of("/proc", Long.toString(process.pid()), file);
    }

    String output() throws IOException {
        return Files.readString(output);
    }

    /// As it is now; -1: there is none of this name.
    double metric(String name) throws IOException, InterruptedException {
        return metric(name, metrics());
    }

    /// As this scrape has it; -1: there is none of this name.
    static double metric(String name, String scrape) {
        return scrape.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    /// What Prometheus would scrape.
    String metrics() throws IOException, InterruptedException {
        var port = Files.readString(mesh.paths.state().resolve("ports")).split(" ", -1)[1];
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"));
        return scraper.send(request.build(), BodyHandlers.ofString()).body();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        scraper.close();
        controlPlane.close();
    }
}
