package dev.weft.benchmarks.compare;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.weft.proxy.testing.TestAuthority;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap.StaticResources;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Weft's proxy out of its image: JVM, flags and AOT cache are those of its containers. Each proxy
/// has a control plane of its own in this process, which signs its certificate and serves it what
/// is in `weft/` among the resources.
final class Weft implements Contestant {
    private static final String MAIN = "dev.weft.proxy.TestProxyMain";
    private static final Duration LIFETIME = Duration.ofHours(12);

    private static final JsonFormat.Parser JSON =
            JsonFormat.parser()
                    .usingTypeRegistry(
                            JsonFormat.TypeRegistry.newBuilder()
                                    .add(HttpConnectionManager.getDescriptor())
                                    .add(Router.getDescriptor())
                                    .add(TcpProxy.getDescriptor())
                                    .add(TlsInspector.getDescriptor())
                                    .add(HttpInspector.getDescriptor())
                                    .add(DownstreamTlsContext.getDescriptor())
                                    .add(UpstreamTlsContext.getDescriptor())
                                    .add(HttpProtocolOptions.getDescriptor())
                                    .build());

    private final List<String> java;
    private final int core;
    private final Path work;

    /// @param image the unpacked image
    /// @param main a jar with [#MAIN], which does what the image's main class does with all files
    ///   below one folder and with any free ports, so that many can run on one machine
    /// @param options more of the JVM's, to try something
    Weft(Path image, Path main, List<String> options, int core, Path work) throws IOException {
        this.core = core;
        this.work = work;
        this.java = java(image, main, options);
    }

    /// The image's command line with its paths where they are here. The AOT cache holds for the
    /// same jars in another folder, and for more jars behind them.
    private static List<String> java(Path image, Path main, List<String> options)
            throws IOException {
        var lib = image.resolve("app/lib");
        var added = lib.resolve(main.getFileName());
        Files.copy(main, added, StandardCopyOption.REPLACE_EXISTING);
        var launch =
                Files.readAllLines(image.resolve("opt/weft/launch.options")).stream()
                        .filter(line -> !line.startsWith("#"))
                        .map(line -> line.replace("/app/lib/", lib + "/"))
                        .map(line -> line.replace("/opt/weft/", image.resolve("opt/weft") + "/"))
                        .map(line -> line.startsWith(lib.toString()) ? line + ":" + added : line)
                        // Without its cache it would be another proxy: no start at all, then.
                        .map(line -> line.replace("-XX:AOTMode=auto", "-XX:AOTMode=on"))
                        .toList();
        var command = new ArrayList<String>();
        command.add(image.resolve("opt/java/bin/java").toString());
        command.add("@" + image.resolve("opt/weft/jvm.options"));
        command.add("-Djava.library.path=" + image.resolve("opt/weft/native/META-INF/native"));
        command.addAll(launch);
        command.addAll(options);
        return command;
    }

    @Override
    public String name() {
        return "weft";
    }

    @Override
    public Chain start(Topology topology, App app) {
        var authority = new TestAuthority("mesh");
        var ports = Contestant.ports(app);
        var started = new ArrayList<Started>();
        try {
            switch (topology) {
                case PLAIN -> started.add(start("plain", CLIENT_ID, authority, ports));
                case SIDECARS -> {
                    started.add(start("inbound", SERVER_ID, authority, ports));
                    started.add(start("outbound", CLIENT_ID, authority, ports));
                }
            }
        } catch (RuntimeException e) {
            started.forEach(Started::close);
            throw e;
        }
        return chain(started, ports);
    }

    @Override
    public Chain startOne(App app) {
        var ports = Contestant.ports(app);
        return chain(List.of(start("inbound", SERVER_ID, new TestAuthority("mesh"), ports)), ports);
    }

    private static Chain chain(List<Started> started, Map<String, String> ports) {
        return new Chain(
                started.reversed().stream().map(Started::proxy).toList(),
                Contestant.clientPorts(ports),
                started.stream().map(Started::metricsPort).toList(),
                "/metrics",
                () -> started.forEach(Started::close));
    }

    private record Started(ProxyProcess proxy, TestControlPlane controlPlane, Path ports)
            implements AutoCloseable {
        int metricsPort() {
            return port(ports, 1);
        }

        @Override
        public void close() {
            proxy.close();
            controlPlane.close();
        }
    }

    private Started start(
            String side, String id, TestAuthority authority, Map<String, String> ports) {
        try {
            var folder = Files.createTempDirectory(work, "weft-" + side + "-");
            var mesh = new TestMesh(folder);
            TestMesh.write(mesh.paths.roots(), authority.rootPem());
            var values = new HashMap<>(ports);
            values.put("client", CLIENT_ID);
            values.put("server", SERVER_ID);
            var controlPlane = new TestControlPlane(authority);
            controlPlane.identity = id;
            controlPlane.lifetime = LIFETIME;
            serve(controlPlane, Template.load("/weft/" + side + ".json", values));
            controlPlane.start();
            mesh.bootstrap("a", controlPlane.port());
            mesh.revision("a");

            var command = new ArrayList<>(java);
            var state = mesh.paths.state();
            command.add("-Djava.io.tmpdir=" + state);
            command.add("-Dio.netty.native.workdir=" + state);
            command.addAll(List.of(MAIN, folder.toString()));
            var proxy = new ProxyProcess(core, folder, command);
            var started = new Started(proxy, controlPlane, state.resolve("ports"));
            try {
                proxy.awaitReady(() -> port(started.ports(), 2));
                return started;
            } catch (IllegalStateException e) {
                started.close();
                throw new IllegalStateException(refusals(controlPlane), e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void serve(TestControlPlane controlPlane, String json)
            throws InvalidProtocolBufferException {
        var resources = StaticResources.newBuilder();
        JSON.merge(json, resources);
        resources
                .getClustersList()
                .forEach(it -> controlPlane.put(ResourceType.CLUSTER, it.getName(), "1", it));
        resources
                .getListenersList()
                .forEach(it -> controlPlane.put(ResourceType.LISTENER, it.getName(), "1", it));
    }

    private static String refusals(TestControlPlane controlPlane) {
        var said =
                controlPlane.conversations().stream()
                        .flatMap(conversation -> conversation.requests.stream())
                        .filter(request -> request.hasErrorDetail())
                        .map(request -> request.getErrorDetail().getMessage())
                        .toList();
        return "the proxy has refused " + said;
    }

    /// The proxy writes three ports: admin, metrics and health; 0 until it has.
    private static int port(Path file, int index) {
        try {
            return Integer.parseInt(Files.readString(file).strip().split(" ")[index]);
        } catch (IOException notYet) {
            return 0;
        }
    }
}
