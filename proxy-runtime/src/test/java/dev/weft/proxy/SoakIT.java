package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.telemetry.AccessLog;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.telemetry.ProxyTelemetry;
import dev.weft.proxy.testing.Leaks;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Endpoints, routes, listeners and certificates change several times a second under load of every
/// protocol: nothing fails, nothing leaks, nothing grows. `-Dweft.soak-seconds` says for how long.
class SoakIT {
    private static final Duration LONG = Duration.ofSeconds(Long.getLong("weft.soak-seconds", 60));
    private static final Duration BETWEEN_CHANGES = Duration.ofMillis(50);
    private static final int REPLICAS = 3;
    private static final int CLIENTS = 3;

    /// A request leaves nothing, and a change what it replaces. What comes and goes between two
    /// looks is less; direct memory is taken in chunks of some megabytes.
    private static final long HEAP_GROWTH = 4L << 20;

    private static final long DIRECT_GROWTH = 8L << 20;
    private static final int COLLECTIONS = 3;

    private static final MethodDescriptor<byte[], byte[]> ECHO =
            GrpcBytes.unary("soak.Service/Echo");

    private final Leaks leaks = new Leaks();
    private final AccessLog log =
            new AccessLog(OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
    private final Rotating outboundTls = new Rotating(TwoProxies.CLIENT_ID);
    private final Rotating inboundTls = new Rotating(TwoProxies.SERVER_ID);
    private final TwoProxies.Side outbound = new TwoProxies.Side(outboundTls);
    private final TwoProxies.Side inbound = new TwoProxies.Side(inboundTls);
    private final List<AutoCloseable> apps = new ArrayList<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Map<String, LongAdder> answered = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private @Nullable ManagedChannel rpc;

    @BeforeEach
    void start() throws IOException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        leaks.watch();
        log.start();
        tellsLikeASidecar(outbound);
        tellsLikeASidecar(inbound);
        for (int i = 0; i < REPLICAS; i++) {
            serve("web", i, webApp());
            serve("rpc", i, rpcApp());
            serve("raw", i, rawApp());
        }
        for (var service : List.of("web", "rpc", "raw")) {
            outbound.cluster(service, Xds.edsCluster(service, TwoProxies.SERVER_ID).build());
            endpoints(service, 0);
            routes(service, 0);
            outbound.listener("to-" + service, outboundListener(service, 0));
        }
        rpc =
                NettyChannelBuilder.forAddress("127.0.0.1", outbound.port("to-rpc"))
                        .usePlaintext()
                        .build();
    }

    private void tellsLikeASidecar(TwoProxies.Side side) {
        side.log.also = new ProxyTelemetry(new ProxyMetrics("0.0.0", log::dropped), log);
        side.log.keeps = false;
    }

    @AfterEach
    void stop() throws Exception {
        ended.set(true);
        http.close();
        if (rpc != null) {
            rpc.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        outbound.close();
        inbound.close();
        log.close();
        for (var app : apps) {
            app.close();
        }
        leaks.close();
        ResourceLeakDetector.setLevel(before);
    }

    @Test
    void nothing_fails_leaks_or_grows_while_everything_changes() throws Exception {
        var clients = new ArrayList<Thread>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofVirtual().start(() -> repeat("HTTP/1.1", this::get)));
            clients.add(Thread.ofVirtual().start(() -> repeat("gRPC", this::call)));
            clients.add(Thread.ofVirtual().start(() -> repeat("TCP", this::talk)));
        }
        long end = System.nanoTime() + LONG.toNanos();
        long warm = System.nanoTime() + LONG.dividedBy(3).toNanos();
        Memory before = null;
        for (int round = 1; System.nanoTime() < end; round++) {
            change(round);
            if (before == null && System.nanoTime() > warm) {
                before = Memory.now();
            }
            Thread.sleep(BETWEEN_CHANGES);
        }
        var grown = Memory.now().since(Objects.requireNonNull(before, "too short to warm up"));
        ended.set(true);
        for (var client : clients) {
            client.join();
        }
        var lost = leaks.look();

        System.err.printf(
                "Soak of %d s: %s answered, heap grew by %d KiB, direct memory by %d KiB%n",
                LONG.toSeconds(), answered, grown.heapBytes() >> 10, grown.directBytes() >> 10);
        assertThat(failures).isEmpty();
        assertThat(answered).containsOnlyKeys("HTTP/1.1", "gRPC", "TCP");
        assertThat(lost).isEmpty();
        assertThat(before.directBytes()).as("what there is beside the heap").isPositive();
        assertThat(grown.heapBytes()).as("growth of the heap").isLessThan(HEAP_GROWTH);
        assertThat(grown.directBytes()).as("growth beside it").isLessThan(DIRECT_GROWTH);
    }

    /// One thing at a time, each of them several times a second.
    private void change(int round) {
        var service = List.of("web", "rpc", "raw").get(round / 4 % 3);
        switch (round % 4) {
            case 0 -> endpoints(service, round);
            case 1 -> routes(service, round);
            case 2 -> outbound.listener("to-" + service, outboundListener(service, round));
            default -> {
                outboundTls.renew();
                inboundTls.renew();
            }
        }
    }

    /// All but one of the replicas; another one each time.
    private void endpoints(String service, int round) {
        var there = new ArrayList<LbEndpoint>();
        for (int i = 0; i < REPLICAS; i++) {
            if (i != round % REPLICAS) {
                there.add(
                        Xds.endpoint(inbound.port(service + "-" + i), true, HealthStatus.HEALTHY));
            }
        }
        outbound.endpoints(service, Xds.endpoints(service, there.toArray(new LbEndpoint[0])));
    }

    private void routes(String service, int round) {
        outbound.routes(
                service,
                RouteConfiguration.newBuilder(
                                Xds.routes(
                                        service,
                                        Xds.to(Xds.cluster(service).setRetryPolicy(Xds.retries()))))
                        .addResponseHeadersToAdd(Xds.header("x-round", "" + round))
                        .build());
    }

    private static Message outboundListener(String service, int round) {
        return Xds.sniffing(Xds.listener("to-" + service, 0), 5000)
                .addFilterChains(
                        Xds.clearHttpChain(
                                Xds.http(CodecType.AUTO)
                                        .setStatPrefix("round-" + round)
                                        .setRds(Xds.rds(service))
                                        .build()))
                .setDefaultFilterChain(Xds.chain(Xds.tcp(service)))
                .build();
    }

    private void serve(String service, int replica, int port) {
        var name = service + "-" + replica;
        inbound.cluster(name, Xds.staticCluster(name, port).build());
        inbound.listener(name, TwoProxies.inboundListener(name, name, 0, 5000));
    }

    private int webApp() {
        var app = new TestApp("web");
        apps.add(app);
        return app.port();
    }

    private int rpcApp() throws IOException {
        Server server =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(
                                ServerServiceDefinition.builder("soak.Service")
                                        .addMethod(
                                                ECHO,
                                                ServerCalls.asyncUnaryCall((request, answer) -> {
                                                    answer.onNext(request);
                                                    answer.onCompleted();
                                                }))
                                        .build())
                        .build()
                        .start();
        apps.add(() -> server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS));
        return server.getPort();
    }

    private int rawApp() throws IOException {
        var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual()
                .start(() -> {
                    while (!server.isClosed()) {
                        try {
                            var socket = server.accept();
                            Thread.ofVirtual().start(() -> echo(socket));
                        } catch (IOException closed) {
                            return;
                        }
                    }
                });
        apps.add(server);
        return server.getLocalPort();
    }

    private static void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException gone) {
            // The client has what it wanted.
        }
    }

    private void repeat(String protocol, Callable<String> request) {
        while (!ended.get()) {
            try {
                var got = request.call();
                if (got.isEmpty()) {
                    answered.computeIfAbsent(protocol, _ -> new LongAdder()).increment();
                } else {
                    failures.add(protocol + ": " + got);
                }
            } catch (Exception failed) {
                failures.add(protocol + ": " + failed);
            }
        }
    }

    /// @return what was wrong, or nothing
    private String get() throws IOException, InterruptedException {
        var answer =
                http.send(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + outbound.port("to-web")
                                                        + "/"))
                                .timeout(Duration.ofSeconds(20))
                                .build(),
                        BodyHandlers.ofString());
        return answer.statusCode() == 200 && answer.body().equals("web")
                ? ""
                : answer.statusCode() + " " + answer.body();
    }

    private String call() {
        var sent = new byte[1000];
        var got =
                ClientCalls.blockingUnaryCall(
                        Objects.requireNonNull(rpc),
                        ECHO,
                        CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                        sent);
        return got.length == sent.length ? "" : got.length + " bytes";
    }

    private String talk() throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), outbound.port("to-raw"))) {
            socket.setSoTimeout(20_000);
            // no HTTP, no TLS: told at once
            var sent = "\u0001 some bytes".getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(sent);
            var got = socket.getInputStream().readNBytes(sent.length);
            return got.length == sent.length ? "" : got.length + " bytes";
        }
    }

    /// What is in use, without garbage.
    private record Memory(long heapBytes, long directBytes) {
        static Memory now() {
            var least = Long.MAX_VALUE;
            for (int i = 0; i < COLLECTIONS; i++) {
                System.gc();
                var runtime = Runtime.getRuntime();
                least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
            }
            return new Memory(least, Math.max(0, PlatformDependent.usedDirectMemory()) + pooled());
        }

        /// What Netty has by the JDK's own way.
        private static long pooled() {
            return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
        }

        Memory since(Memory before) {
            return new Memory(heapBytes - before.heapBytes, directBytes - before.directBytes);
        }
    }

    /// Each renewal is another key and certificate.
    private static final class Rotating implements MeshTls {
        private final List<TestTls> certificates;
        private volatile int current;

        Rotating(String id) {
            certificates = List.of(new TestTls(id), new TestTls(id), new TestTls(id));
        }

        void renew() {
            current = (current + 1) % certificates.size();
        }

        @Override
        public @Nullable SslContext server(List<String> alpn, List<String> groups) {
            return certificates.get(current).server(alpn, groups);
        }

        @Override
        public @Nullable SslContext client(String alpn, List<String> groups) {
            return certificates.get(current).client(alpn, groups);
        }

        @Override
        public Optional<String> spiffeId(SSLSession session) {
            return certificates.get(current).spiffeId(session);
        }
    }
}
