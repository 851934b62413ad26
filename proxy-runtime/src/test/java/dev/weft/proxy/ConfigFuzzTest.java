package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.maglev.v3.Maglev;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/// Whatever a control plane sends is taken as a whole or refused with a reason; what is refused
/// changes nothing, and what is taken can be used.
class ConfigFuzzTest {
    private static final List<? extends Message> EXTENSIONS =
            Stream.concat(
                            EveryFeature.EXTENSIONS.stream(),
                            Stream.of(
                                    HttpConnectionManager.getDefaultInstance(),
                                    Router.getDefaultInstance(),
                                    TcpProxy.getDefaultInstance(),
                                    TlsInspector.getDefaultInstance(),
                                    HttpInspector.getDefaultInstance(),
                                    DownstreamTlsContext.getDefaultInstance(),
                                    UpstreamTlsContext.getDefaultInstance(),
                                    RawBuffer.getDefaultInstance(),
                                    RoundRobin.getDefaultInstance(),
                                    LeastRequest.getDefaultInstance(),
                                    RingHash.getDefaultInstance(),
                                    Maglev.getDefaultInstance(),
                                    WrrLocality.getDefaultInstance()))
                    .toList();

    private static final Message ROUTES =
            Xds.routes(
                    "routes",
                    Xds.to(Xds.cluster("app").setRetryPolicy(Xds.retries())),
                    Xds.to(Xds.cluster("app")));

    private static final Message LISTENER =
            Xds.sniffing(Xds.listener("listener", 15001), 100)
                    .addFilterChains(
                            Xds.meshChain(
                                    "weft1-h2",
                                    Xds.http(CodecType.HTTP2)
                                            .setRouteConfig(
                                                    Xds.routes(
                                                            "inline", Xds.to(Xds.cluster("app"))))
                                            .build()))
                    .addFilterChains(
                            Xds.clearHttpChain(
                                    Xds.http(CodecType.AUTO).setRds(Xds.rds("routes")).build()))
                    .addFilterChains(Xds.passing("app", "www.example.com", "*.example.org"))
                    .setDefaultFilterChain(Xds.chain(Xds.tcp("app")))
                    .build();

    private static final Message ENDPOINTS =
            Xds.endpoints(
                    "app",
                    Xds.endpoint(8080, true, HealthStatus.HEALTHY),
                    Xds.endpoint(8081, false, HealthStatus.DRAINING));

    private static final List<Sent> PLAIN =
            List.of(
                    new Sent(
                            ConfigStore.CLUSTER,
                            "app",
                            Xds.edsCluster("app", "spiffe://t/a").build()),
                    new Sent(ConfigStore.ENDPOINTS, "app", ENDPOINTS),
                    new Sent(ConfigStore.ROUTES, "routes", ROUTES),
                    new Sent(ConfigStore.LISTENER, "listener", LISTENER));

    private static final List<Sent> FEATURES =
            List.of(
                    new Sent(ConfigStore.CLUSTER, "shop", EveryFeature.cluster("shop")),
                    new Sent(ConfigStore.ROUTES, "more", EveryFeature.routes("more", "shop")),
                    new Sent(
                            ConfigStore.LISTENER,
                            "other",
                            EveryFeature.listener("other", "more", "shop")));

    @FuzzTest
    void resources_are_taken_or_refused(FuzzedDataProvider data) {
        var published = new AtomicReference<Tables>(Tables.EMPTY);
        var store = new ConfigStore(published::set);
        var random = new RandomMessages(data, EXTENSIONS);
        Stream.concat(PLAIN.stream(), FEATURES.stream())
                .forEach(sent -> assertThat(refusal(store, sent)).isEmpty());
        for (var sent : data.consumeBoolean() ? PLAIN : FEATURES) {
            var before = published.get();
            var changed = new Sent(sent.type(), sent.name(), random.changed(sent.message()));
            if (refusal(store, changed).isPresent()) {
                assertThat(published.get()).isSameAs(before);
            }
            use(published.get());
        }
        assertThat(store.dump()).startsWith("{");
    }

    /// All that is changed here, as it is before.
    static Map<ResourceType, List<Resource>> good() {
        var good = new EnumMap<ResourceType, List<Resource>>(ResourceType.class);
        Stream.concat(PLAIN.stream(), FEATURES.stream())
                .forEach(sent ->
                        good.computeIfAbsent(
                                        ResourceType.of(sent.type()).orElseThrow(),
                                        _ -> new ArrayList<>())
                                .add(Xds.resource(sent.name(), sent.message())));
        return good;
    }

    private record Sent(String type, String name, Message message) {}

    private static Optional<String> refusal(ConfigStore store, Sent sent) {
        var resource = new Resource(sent.name(), "1", Any.pack(sent.message()));
        var refusal = store.apply(sent.type(), List.of(resource), List.of());
        refusal.ifPresent(why -> assertThat(why).isNotBlank().isNotEqualTo("null"));
        return refusal;
    }

    /// Asks it what requests ask.
    static void use(Tables tables) {
        for (var listener : tables.listeners().values()) {
            for (var sniffed :
                    List.of(
                            Sniffed.NOTHING,
                            Sniffed.http("h2c"),
                            Sniffed.tls(List.of("weft1-h2"), ""),
                            Sniffed.tls(List.of(), "a.example.org"))) {
                listener.sniffs(80);
                listener.chainFor(80, sniffed)
                        .ifPresent(chain ->
                                assertThat(chain.target()).isInstanceOf(ChainTarget.class));
            }
        }
        var head =
                new RequestHead(
                        "GET", "web:80", "/a/b?q=1", new DefaultHttpHeaders().add("x", "y"));
        tables.routes().values().forEach(table -> assertThat(table.decide(head)).isNotNull());
        tables.clusters().values().forEach(cluster -> assertThat(cluster.spec()).isNotNull());
    }
}
