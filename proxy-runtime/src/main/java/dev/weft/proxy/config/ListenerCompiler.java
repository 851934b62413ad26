package dev.weft.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.weft.proxy.config.ChainTarget.Codec;
import dev.weft.proxy.config.ChainTarget.ForwardedIdentity;
import dev.weft.proxy.config.ChainTarget.RouteSource;
import dev.weft.proxy.filter.FilterSlot;
import dev.weft.proxy.route.PathPolicy;
import dev.weft.proxy.route.PathPolicy.EscapedSlashes;
import dev.weft.proxy.telemetry.Direction;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Compiles listeners.
final class ListenerCompiler {
    /// Envoy's default for `listener_filters_timeout`.
    private static final Duration DEFAULT_SNIFF_TIMEOUT = Duration.ofSeconds(15);

    /// Envoy's default for `max_request_headers_kb`.
    private static final int DEFAULT_HEADER_BYTES = 60 * 1024;

    private static final int MAX_HEADER_BYTES = 8 * 1024 * 1024;
    private static final int DEFAULT_STREAMS = 1024;
    private static final String INBOUND = "virtualInbound";

    /// Where the listener does not say it: what Envoy buffers for a connection then.
    private static final int MOST_REPLAY_BYTES = 1024 * 1024;

    private final FieldCheck fields;
    private final TlsCompiler tls;
    private final RouteCompiler routes;
    private final FilterCompiler filters;
    private final TracingCompiler tracing;
    private final AccessLogCompiler logs;

    ListenerCompiler(FieldCheck fields) {
        this.fields = fields;
        this.tls = new TlsCompiler(fields);
        this.routes = new RouteCompiler(fields);
        this.filters = new FilterCompiler(fields);
        this.tracing = new TracingCompiler(fields);
        this.logs = new AccessLogCompiler(fields);
    }

    ListenerSpec compile(Listener listener) {
        var place = "listener " + listener.getName();
        fields.check(place, listener);
        var replayBytes =
                Unpack.limit(
                        listener.getPerConnectionBufferLimitBytes(),
                        listener.hasPerConnectionBufferLimitBytes(),
                        MOST_REPLAY_BYTES);
        var chains = new ArrayList<ChainSpec>();
        for (int i = 0; i < listener.getFilterChainsCount(); i++) {
            chains.add(
                    chain(
                            place + ".filter_chains[" + i + "]",
                            listener.getFilterChains(i),
                            replayBytes));
        }
        ChainMatchCompiler.checkNoOverlap(place, chains);
        if (namesServers(chains) && !has(listener, TlsInspector.getDefaultInstance())) {
            throw Rejected.at(
                    place,
                    "has a chain with server_names, which the listener filter tls_inspector alone"
                            + " can tell: add it");
        }
        var defaultChain =
                listener.hasDefaultFilterChain()
                        ? chain(
                                place + ".default_filter_chain",
                                listener.getDefaultFilterChain(),
                                replayBytes)
                        : null;
        if (chains.isEmpty() && defaultChain == null) {
            throw Rejected.at(place, "has no filter chain");
        }
        var binds = !listener.hasBindToPort() || listener.getBindToPort().getValue();
        return new ListenerSpec(
                listener.getName(),
                direction(listener),
                addresses(place, listener),
                binds,
                listener.getUseOriginalDst().getValue()
                        || has(listener, OriginalDst.getDefaultInstance()),
                listener.getUseOriginalDst().getValue(),
                sniffing(place, listener),
                Unpack.bufferBytes(
                        place,
                        listener.getPerConnectionBufferLimitBytes(),
                        listener.hasPerConnectionBufferLimitBytes()),
                chains,
                defaultChain);
    }

    private static List<InetSocketAddress> addresses(String place, Listener listener) {
        var addresses = new ArrayList<InetSocketAddress>();
        addresses.add(Unpack.address(place + ".address", listener.getAddress()));
        for (int i = 0; i < listener.getAdditionalAddressesCount(); i++) {
            var more = listener.getAdditionalAddresses(i);
            addresses.add(
                    Unpack.address(
                            place + ".additional_addresses[" + i + "].address", more.getAddress()));
        }
        return addresses;
    }

    private static Direction direction(Listener listener) {
        return listener.getTrafficDirection() == TrafficDirection.INBOUND
                        || (listener.getTrafficDirection() == TrafficDirection.UNSPECIFIED
                                && listener.getName().equals(INBOUND))
                ? Direction.INBOUND
                : Direction.OUTBOUND;
    }

    private static boolean has(Listener listener, Message listenerFilter) {
        return listener.getListenerFiltersList().stream()
                .anyMatch(filter -> filter.getTypedConfig().isSameTypeAs(listenerFilter));
    }

    private static boolean namesServers(List<ChainSpec> chains) {
        return chains.stream().anyMatch(chain -> !chain.match().serverNames().isEmpty());
    }

    private Sniffing sniffing(String place, Listener listener) {
        IntPredicate tls = port -> false;
        IntPredicate http = port -> false;
        for (var filter : listener.getListenerFiltersList()) {
            var enabled = enabled(place, filter.getFilterDisabled());
            if (filter.getTypedConfig().isSameTypeAs(TlsInspector.getDefaultInstance())) {
                fields.check(
                        place,
                        Unpack.any(
                                place, filter.getTypedConfig(), TlsInspector.getDefaultInstance()));
                tls = enabled;
            } else if (filter.getTypedConfig().isSameTypeAs(HttpInspector.getDefaultInstance())) {
                http = enabled;
            } else if (!filter.getTypedConfig().isSameTypeAs(OriginalDst.getDefaultInstance())) {
                throw Rejected.at(
                        place, "listener filter " + filter.getName() + " is not supported");
            }
        }
        var timeout =
                listener.hasListenerFiltersTimeout()
                        ? Unpack.duration(place, listener.getListenerFiltersTimeout())
                        : DEFAULT_SNIFF_TIMEOUT;
        return new Sniffing(tls, http, timeout, listener.getContinueOnListenerFiltersTimeout());
    }

    private static IntPredicate enabled(String place, ListenerFilterChainMatchPredicate disabled) {
        return disabled.getRuleCase() == ListenerFilterChainMatchPredicate.RuleCase.RULE_NOT_SET
                ? port -> true
                : ports(place, disabled).negate();
    }

    private static IntPredicate ports(String place, ListenerFilterChainMatchPredicate predicate) {
        return switch (predicate.getRuleCase()) {
            case ANY_MATCH -> port -> predicate.getAnyMatch();
            case NOT_MATCH -> ports(place, predicate.getNotMatch()).negate();
            case DESTINATION_PORT_RANGE -> {
                var range = predicate.getDestinationPortRange();
                yield port -> port >= range.getStart() && port < range.getEnd();
            }
            case OR_MATCH ->
                    predicate.getOrMatch().getRulesList().stream()
                            .map(rule -> ports(place, rule))
                            .reduce(port -> false, IntPredicate::or);
            case AND_MATCH ->
                    predicate.getAndMatch().getRulesList().stream()
                            .map(rule -> ports(place, rule))
                            .reduce(port -> true, IntPredicate::and);
            case RULE_NOT_SET -> throw Rejected.at(place, "filter_disabled has an empty rule");
        };
    }

    private ChainSpec chain(String place, FilterChain chain, int replayBytes) {
        var match =
                ChainMatchCompiler.compile(
                        place + ".filter_chain_match", chain.getFilterChainMatch());
        if (chain.getFiltersCount() != 1) {
            throw Rejected.at(
                    place,
                    "has "
                            + chain.getFiltersCount()
                            + " filters; exactly one is supported: HttpConnectionManager or TcpProxy");
        }
        var compiled =
                new ChainSpec(
                        chain.getName(),
                        match,
                        tls.server(
                                place + ".transport_socket",
                                chain.getTransportSocket(),
                                match.protocols(),
                                handshake(place, chain)),
                        target(place, chain.getFilters(0), replayBytes));
        if (!match.serverNames().isEmpty()
                && compiled.tls() == null
                && compiled.target() instanceof ChainTarget.Http) {
            throw Rejected.at(
                    place,
                    "has server_names, so what comes is TLS, and an HttpConnectionManager without a"
                            + " transport_socket that ends it: add one, or pass TLS through by"
                            + " TcpProxy");
        }
        return compiled;
    }

    private static Duration handshake(String place, FilterChain chain) {
        return chain.hasTransportSocketConnectTimeout()
                ? Unpack.duration(
                        place + ".transport_socket_connect_timeout",
                        chain.getTransportSocketConnectTimeout())
                : ServerTls.USUAL_HANDSHAKE;
    }

    private ChainTarget target(String place, Filter filter, int replayBytes) {
        Any config = filter.getTypedConfig();
        if (config.isSameTypeAs(HttpConnectionManager.getDefaultInstance())) {
            return http(
                    place,
                    Unpack.any(place, config, HttpConnectionManager.getDefaultInstance()),
                    replayBytes);
        }
        if (config.isSameTypeAs(TcpProxy.getDefaultInstance())) {
            var tcp = Unpack.any(place, config, TcpProxy.getDefaultInstance());
            fields.check(place, tcp);
            return tcp(place, tcp);
        }
        throw Rejected.at(place, "network filter " + filter.getName() + " is not supported");
    }

    private ChainTarget.Tcp tcp(String place, TcpProxy tcp) {
        return new ChainTarget.Tcp(
                routes.tcpClusters(place, tcp),
                HashPolicyCompiler.bySource(place + ".hash_policy", tcp.getHashPolicyList()),
                tcp.hasMaxConnectAttempts()
                        ? Unpack.positive(
                                place + ".max_connect_attempts", tcp.getMaxConnectAttempts())
                        : 1,
                tcp.hasIdleTimeout()
                        ? Unpack.duration(place + ".idle_timeout", tcp.getIdleTimeout())
                        : ChainTarget.Tcp.USUAL_IDLE,
                Unpack.positiveDuration(
                        place + ".max_downstream_connection_duration",
                        tcp.getMaxDownstreamConnectionDuration(),
                        tcp.hasMaxDownstreamConnectionDuration(),
                        Duration.ZERO),
                logs.compile(place, tcp.getAccessLogList(), earlyLines(tcp)));
    }

    private ChainTarget.Http http(String place, HttpConnectionManager manager, int replayBytes) {
        fields.check(place, manager);
        Http1Options.check(place + ".http_protocol_options", manager.getHttpProtocolOptions());
        var router = router(place, manager.getHttpFiltersList());
        var streams = manager.getHttp2ProtocolOptions().getMaxConcurrentStreams().getValue();
        return new ChainTarget.Http(
                codec(place, manager),
                routeSource(place, manager),
                identity(place, manager),
                paths(place, manager),
                slots(place, manager.getHttpFiltersList()),
                patience(place, manager),
                router != null && !router.getSuppressEnvoyHeaders(),
                headerBytes(place, manager),
                Unpack.headerCount(
                        place + ".common_http_protocol_options",
                        manager.getCommonHttpProtocolOptions()),
                streams > 0 ? streams : DEFAULT_STREAMS,
                KeepAliveCompiler.http2(
                        place + ".http2_protocol_options", manager.getHttp2ProtocolOptions()),
                replayBytes,
                UpgradeCompiler.ofListener(place, manager.getUpgradeConfigsList()),
                !manager.hasGenerateRequestId() || manager.getGenerateRequestId().getValue(),
                manager.getAlwaysSetRequestIdInResponse(),
                manager.hasTracing()
                        ? tracing.compile(place + ".tracing", manager.getTracing())
                        : null,
                logs.compile(place, manager.getAccessLogList(), earlyLines(manager)));
    }

    /// The field that asks for lines while a request is under way; empty: none.
    @SuppressWarnings("deprecation")
    private static String earlyLines(HttpConnectionManager manager) {
        if (manager.getFlushAccessLogOnNewRequest()) {
            return "flush_access_log_on_new_request";
        }
        if (manager.hasAccessLogFlushInterval()) {
            return "access_log_flush_interval";
        }
        var options = manager.getAccessLogOptions();
        return options.getFlushAccessLogOnNewRequest()
                        || options.hasAccessLogFlushInterval()
                        || options.getFlushLogOnTunnelSuccessfullyEstablished()
                ? "access_log_options"
                : "";
    }

    /// As above.
    @SuppressWarnings("deprecation")
    private static String earlyLines(TcpProxy tcp) {
        if (tcp.getFlushAccessLogOnConnected()) {
            return "flush_access_log_on_connected";
        }
        if (tcp.hasAccessLogFlushInterval()) {
            return "access_log_flush_interval";
        }
        var options = tcp.getAccessLogOptions();
        return options.getFlushAccessLogOnConnected() || options.hasAccessLogFlushInterval()
                ? "access_log_options"
                : "";
    }

    /// Null: there is none, and none is missed.
    private @Nullable Router router(String place, List<HttpFilter> filters) {
        for (int i = 0; i < filters.size(); i++) {
            if (filters.get(i).getTypedConfig().isSameTypeAs(Router.getDefaultInstance())) {
                if (i < filters.size() - 1) {
                    throw Rejected.at(
                            place,
                            "http filter "
                                    + filters.get(i + 1).getName()
                                    + " comes after the router and would never run");
                }
                var router =
                        Unpack.any(
                                place,
                                filters.get(i).getTypedConfig(),
                                Router.getDefaultInstance());
                fields.check(place, router);
                return router;
            }
        }
        return null;
    }

    private List<FilterSlot> slots(String place, List<HttpFilter> filters) {
        var slots = new ArrayList<FilterSlot>();
        for (var filter : filters) {
            var slot =
                    filter.getTypedConfig().isSameTypeAs(Router.getDefaultInstance())
                            ? null
                            : this.filters.slot(place, filter);
            if (slot != null) {
                slots.add(slot);
            }
        }
        return slots;
    }

    private static Patience patience(String place, HttpConnectionManager manager) {
        var common = place + ".common_http_protocol_options";
        var options = manager.getCommonHttpProtocolOptions();
        return new Patience(
                Unpack.duration(
                        place + ".request_headers_timeout", manager.getRequestHeadersTimeout()),
                Unpack.duration(place + ".request_timeout", manager.getRequestTimeout()),
                Unpack.duration(place + ".stream_idle_timeout", manager.getStreamIdleTimeout()),
                Unpack.duration(common + ".max_stream_duration", options.getMaxStreamDuration()),
                Unpack.unused(common, options));
    }

    private static Codec codec(String place, HttpConnectionManager manager) {
        return switch (manager.getCodecType()) {
            case AUTO -> Codec.AUTO;
            case HTTP1 -> Codec.HTTP1;
            case HTTP2 -> Codec.HTTP2;
            case HTTP3, UNRECOGNIZED ->
                    throw Rejected.at(
                            place, "codec_type " + manager.getCodecType() + " is not supported");
        };
    }

    private RouteSource routeSource(String place, HttpConnectionManager manager) {
        return switch (manager.getRouteSpecifierCase()) {
            case RDS -> {
                Sources.check(place + ".rds.config_source", manager.getRds().getConfigSource());
                yield new RouteSource.Named(manager.getRds().getRouteConfigName());
            }
            case ROUTE_CONFIG ->
                    new RouteSource.Inline(
                            routes.compile(place + ".route_config", manager.getRouteConfig()));
            case SCOPED_ROUTES, ROUTESPECIFIER_NOT_SET ->
                    throw Rejected.at(place, "needs rds or route_config");
        };
    }

    private static PathPolicy paths(String place, HttpConnectionManager manager) {
        return new PathPolicy(
                manager.getNormalizePath().getValue(),
                manager.getMergeSlashes(),
                switch (manager.getPathWithEscapedSlashesAction()) {
                    case IMPLEMENTATION_SPECIFIC_DEFAULT, KEEP_UNCHANGED -> EscapedSlashes.KEEP;
                    case REJECT_REQUEST -> EscapedSlashes.REFUSE;
                    case UNESCAPE_AND_REDIRECT -> EscapedSlashes.REDIRECT;
                    case UNESCAPE_AND_FORWARD -> EscapedSlashes.UNESCAPE;
                    case UNRECOGNIZED ->
                            throw Rejected.at(
                                    place, "path_with_escaped_slashes_action is not known");
                });
    }

    private static ForwardedIdentity identity(String place, HttpConnectionManager manager) {
        return switch (manager.getForwardClientCertDetails()) {
            case SANITIZE -> ForwardedIdentity.REMOVE;
            case SANITIZE_SET -> {
                if (!manager.getSetCurrentClientCertDetails().getUri()) {
                    throw Rejected.at(
                            place,
                            "set_current_client_cert_details.uri must be true with SANITIZE_SET:"
                                    + " the peer's URI is all that this proxy tells");
                }
                yield ForwardedIdentity.REPLACE;
            }
            case FORWARD_ONLY, APPEND_FORWARD, ALWAYS_FORWARD_ONLY, UNRECOGNIZED ->
                    throw Rejected.at(
                            place,
                            "forward_client_cert_details "
                                    + manager.getForwardClientCertDetails()
                                    + " is not supported; use SANITIZE or SANITIZE_SET");
        };
    }

    private static int headerBytes(String place, HttpConnectionManager manager) {
        if (!manager.hasMaxRequestHeadersKb()) {
            return DEFAULT_HEADER_BYTES;
        }
        var bytes = manager.getMaxRequestHeadersKb().getValue() * 1024L;
        if (bytes <= 0 || bytes > MAX_HEADER_BYTES) {
            throw Rejected.at(
                    place,
                    "max_request_headers_kb must be between 1 and " + MAX_HEADER_BYTES / 1024);
        }
        return (int) bytes;
    }
}
