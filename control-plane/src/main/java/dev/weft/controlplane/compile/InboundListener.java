package dev.weft.controlplane.compile;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
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

/// Builds `virtualInbound`.
final class InboundListener {
    private static final int PORT = 15006;

    /// Nobody but a peer is served: its proxy may be short of CPU.
    private static final Duration STRICT_SNIFF = Duration.newBuilder().setSeconds(15).build();

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
                        .addListenerFilters(httpInspector(inbound.tcpPorts()))
                        .setListenerFiltersTimeout(
                                inbound.plaintext() ? Listeners.SNIFF : STRICT_SNIFF)
                        .setContinueOnListenerFiltersTimeout(inbound.plaintext())
                        .addFilterChains(mesh(MeshTls.HTTP2, http(CodecType.HTTP2, true, inbound)))
                        .addFilterChains(mesh(MeshTls.HTTP1, http(CodecType.HTTP1, true, inbound)))
                        .addFilterChains(mesh(MeshTls.TCP, tcp()));
        if (inbound.plaintext()) {
            listener.addFilterChains(plaintextHttp(inbound))
                    .setDefaultFilterChain(
                            FilterChain.newBuilder().setName("other").addFilters(tcp()));
        }
        return listener.build();
    }

    private static FilterChain mesh(String alpn, Filter filter) {
        return FilterChain.newBuilder()
                .setName(alpn)
                .setFilterChainMatch(
                        FilterChainMatch.newBuilder()
                                .setTransportProtocol("tls")
                                .addApplicationProtocols(alpn))
                .setTransportSocket(MeshTls.downstream(alpn))
                .addFilters(filter)
                .build();
    }

    private static FilterChain plaintextHttp(Unit.Inbound inbound) {
        return FilterChain.newBuilder()
                .setName("http")
                .setFilterChainMatch(
                        FilterChainMatch.newBuilder()
                                .setTransportProtocol("raw_buffer")
                                .addApplicationProtocols("http/1.1")
                                .addApplicationProtocols("h2c"))
                .addFilters(http(CodecType.AUTO, false, inbound))
                .build();
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

    private static ListenerFilter httpInspector(List<Integer> tcpPorts) {
        var inspector = Listeners.httpInspector();
        List<ListenerFilterChainMatchPredicate> ports =
                tcpPorts.stream().map(InboundListener::port).toList();
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
