package dev.weft.proxy.config;

import dev.weft.proxy.config.Transport.Carried;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import org.jspecify.annotations.Nullable;

/// A cluster's `HttpProtocolOptions`.
final class UpstreamHttpCompiler {
    private static final String EXTENSION =
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private final FieldCheck fields;

    UpstreamHttpCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// Where the message has them, else the cluster's older field. A cluster that says nothing is
    /// spoken to by HTTP/1.1, as by Envoy.
    UpstreamHttp compile(String place, Cluster cluster) {
        for (var name : cluster.getTypedExtensionProtocolOptionsMap().keySet()) {
            if (!name.equals(EXTENSION)) {
                fields.ignored("typed_extension_protocol_options " + name);
            }
        }
        var any = cluster.getTypedExtensionProtocolOptionsMap().get(EXTENSION);
        if (any == null) {
            return http(
                    place + ".common_http_protocol_options",
                    cluster.getCommonHttpProtocolOptions(),
                    Carried.HTTP1,
                    null);
        }
        var at = place + ".typed_extension_protocol_options";
        var options = Unpack.any(at, any, HttpProtocolOptions.getDefaultInstance());
        fields.check(at, options);
        return compile(at, options);
    }

    private UpstreamHttp compile(String place, HttpProtocolOptions options) {
        return switch (options.getUpstreamProtocolOptionsCase()) {
            case USE_DOWNSTREAM_PROTOCOL_CONFIG -> {
                var at = place + ".use_downstream_protocol_config";
                var config = options.getUseDownstreamProtocolConfig();
                http1(at, config.getHttpProtocolOptions());
                yield http(place, options, null, http2(at, config.getHttp2ProtocolOptions()));
            }
            case EXPLICIT_HTTP_CONFIG -> {
                var at = place + ".explicit_http_config";
                var config = options.getExplicitHttpConfig();
                http1(at, config.getHttpProtocolOptions());
                var keepAlive = http2(at, config.getHttp2ProtocolOptions());
                yield switch (config.getProtocolConfigCase()) {
                    case HTTP_PROTOCOL_OPTIONS -> http(place, options, Carried.HTTP1, null);
                    case HTTP2_PROTOCOL_OPTIONS -> http(place, options, Carried.HTTP2, keepAlive);
                    default ->
                            throw Rejected.at(
                                    at, "needs http_protocol_options or http2_protocol_options");
                };
            }
            default ->
                    throw Rejected.at(
                            place, "needs explicit_http_config or use_downstream_protocol_config");
        };
    }

    private static void http1(String place, Http1ProtocolOptions options) {
        Http1Options.check(place + ".http_protocol_options", options);
    }

    private @Nullable KeepAliveRules http2(String place, Http2ProtocolOptions options) {
        if (options.hasMaxConcurrentStreams()) {
            fields.ignored("max_concurrent_streams of a cluster's http2_protocol_options");
        }
        return KeepAliveCompiler.http2(place + ".http2_protocol_options", options);
    }

    private UpstreamHttp http(
            String place,
            HttpProtocolOptions options,
            @Nullable Carried protocol,
            @Nullable KeepAliveRules keepAlive) {
        return http(
                place + ".common_http_protocol_options",
                options.getCommonHttpProtocolOptions(),
                protocol,
                keepAlive);
    }

    private UpstreamHttp http(
            String place,
            io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions common,
            @Nullable Carried protocol,
            @Nullable KeepAliveRules keepAlive) {
        if (common.hasMaxStreamDuration()) {
            fields.ignored("max_stream_duration of a cluster's common_http_protocol_options");
        }
        return new UpstreamHttp(
                protocol,
                Unpack.unused(place, common),
                Unpack.headerCount(place, common),
                keepAlive);
    }
}
