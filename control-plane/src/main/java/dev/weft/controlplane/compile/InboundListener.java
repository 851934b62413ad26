package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.AdditionalAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate.MatchSet;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.SetCurrentClientCertDetails;
import io.envoyproxy.envoy.type.v3.Int32Range;
import java.util.List;
import java.util.stream.Stream;

/// Builds `virtualInbound`.
final class InboundListener {
    private static final int PORT = 15006;

    /// Nobody but a peer is served: its proxy may be short of CPU.
    private static final Duration STRICT_SNIFF = Durations.fromSeconds(15);

    /// Connections of peers whose node has died are let go.
    private static final Http2ProtocolOptions CLIENTS =
            Http2ProtocolOptions.newBuilder()
                    .setConnectionKeepalive(
                            KeepaliveSettings.newBuilder()
                                    .setInterval(Durations.fromSeconds(60))
                                    .setTimeout(Durations.fromSeconds(20)))
                    .build();

    private InboundListener() {}

    static Listener of(Unit.Inbound inbound) {
        var listener =
                Listener.newBuilder()
                        .setName(Names.VIRTUAL_INBOUND)
                        .setTrafficDirection(TrafficDirection.INBOUND)
                        .setAddress(Listeners.address("0.0.0.0", PORT))
                        .addAdditionalAddresses(
                                AdditionalAddress.newBuilder()
                                        .setAddress(Listeners.address("::", PORT)))
                        .addListenerFilters(originalDestination())
                        .addListenerFilters(Listeners.tlsInspector())
                        .addListenerFilters(httpInspector(inbound.ports()))
                        .setListenerFiltersTimeout(
                                inbound.plaintext() ? Listeners.SNIFF : STRICT_SNIFF)
                        .setContinueOnListenerFiltersTimeout(inbound.plaintext())
                        .addAllFilterChains(
                                inbound.ports().http().stream()
                                        .flatMap(port -> declaredHttp(port, inbound))
                                        .toList())
                        .addAllFilterChains(meshHttp(inbound, FilterChainMatch.newBuilder()))
                        .addFilterChains(mesh(MeshTls.TCP, FilterChainMatch.newBuilder(), tcp()));
        if (inbound.plaintext()) {
            listener.addFilterChains(
                            chain(
                                    "http",
                                    over("raw_buffer", FilterChainMatch.newBuilder())
                                            .addApplicationProtocols("http/1.1")
                                            .addApplicationProtocols("h2c"),
                                    http(CodecType.AUTO, false, inbound)))
                    .setDefaultFilterChain(
                            FilterChain.newBuilder().setName("other").addFilters(tcp()));
        }
        return listener.build();
    }

    /// A port that is declared HTTP has chains of its own, and none of them is opaque: else a peer
    /// could choose by its ALPN that nobody judges its requests, and say that it is somebody else.
    /// Envoy does not go back to chains without a port, but to the default one: that is for other
    /// bytes, so here they get to who takes them for HTTP, and refuses them.
    private static Stream<FilterChain> declaredHttp(int port, Unit.Inbound inbound) {
        var at = FilterChainMatch.newBuilder().setDestinationPort(UInt32Value.of(port));
        var mesh = meshHttp(inbound, at).stream();
        if (!inbound.plaintext()) {
            return mesh;
        }
        return Stream.concat(
                mesh,
                Stream.of(
                        chain(
                                at("http", at),
                                over("raw_buffer", at),
                                http(CodecType.AUTO, false, inbound)),
                        chain(
                                at("not-http", at),
                                over("tls", at),
                                http(CodecType.HTTP1, false, inbound))));
    }

    private static List<FilterChain> meshHttp(Unit.Inbound inbound, FilterChainMatch.Builder at) {
        return List.of(
                mesh(MeshTls.HTTP2, at, http(CodecType.HTTP2, true, inbound)),
                mesh(MeshTls.HTTP1, at, http(CodecType.HTTP1, true, inbound)));
    }

    private static FilterChain mesh(String alpn, FilterChainMatch.Builder at, Filter filter) {
        return chain(at(alpn, at), over("tls", at).addApplicationProtocols(alpn), filter)
                .toBuilder()
                .setTransportSocket(MeshTls.downstream(alpn))
                .build();
    }

    private static FilterChainMatch.Builder over(String transport, FilterChainMatch.Builder at) {
        return at.clone().setTransportProtocol(transport);
    }

    private static FilterChain chain(String name, FilterChainMatch.Builder match, Filter filter) {
        return FilterChain.newBuilder()
                .setName(name)
                .setFilterChainMatch(match)
                .addFilters(filter)
                .build();
    }

    private static String at(String name, FilterChainMatch.Builder at) {
        return at.hasDestinationPort() ? name + ":" + at.getDestinationPort().getValue() : name;
    }

    /// @param mesh the peer is known: say who it is; else remove what somebody may have made up
    private static Filter http(CodecType codec, boolean mesh, Unit.Inbound inbound) {
        var manager =
                HttpConnectionManager.newBuilder()
                        .setStatPrefix(Names.INBOUND)
                        .setCodecType(codec)
                        .setRouteConfig(RouteConfigurations.inbound())
                        .setForwardClientCertDetails(
                                mesh
                                        ? ForwardClientCertDetails.SANITIZE_SET
                                        : ForwardClientCertDetails.SANITIZE);
        if (mesh) {
            manager.setHttp2ProtocolOptions(CLIENTS);
            manager.setSetCurrentClientCertDetails(
                    SetCurrentClientCertDetails.newBuilder().setUri(true));
        }
        if (inbound.onePathForm()) {
            manager.setNormalizePath(BoolValue.of(true))
                    .setMergeSlashes(true)
                    .setPathWithEscapedSlashesAction(
                            PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT);
        }
        return HttpFilters.manager(manager, inbound.serviceTime());
    }

    private static Filter tcp() {
        return Listeners.tcp(Names.INBOUND, Names.INBOUND);
    }

    /// Not `use_original_dst`: that would hand the connection to the outbound listener of the same
    /// address.
    private static ListenerFilter originalDestination() {
        return ListenerFilter.newBuilder()
                .setName("envoy.filters.listener.original_dst")
                .setTypedConfig(Any.pack(OriginalDst.getDefaultInstance()))
                .build();
    }

    /// Where it is known what to expect nobody waits for first bytes that tell.
    private static ListenerFilter httpInspector(InboundPorts declared) {
        var inspector = Listeners.httpInspector();
        List<ListenerFilterChainMatchPredicate> ports =
                Stream.concat(declared.http().stream(), declared.tcp().stream())
                        .sorted()
                        .map(InboundListener::port)
                        .toList();
        if (ports.size() == 1) {
            inspector.setFilterDisabled(ports.getFirst());
        } else if (!ports.isEmpty()) {
            inspector.setFilterDisabled(
                    ListenerFilterChainMatchPredicate.newBuilder()
                            .setOrMatch(MatchSet.newBuilder().addAllRules(ports)));
        }
        return inspector.build();
    }

    private static ListenerFilterChainMatchPredicate port(int port) {
        return ListenerFilterChainMatchPredicate.newBuilder()
                .setDestinationPortRange(Int32Range.newBuilder().setStart(port).setEnd(port + 1))
                .build();
    }
}
