package dev.weft.proxy.config;

import dev.weft.proxy.config.TracingSpec.Export;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing;
import io.envoyproxy.envoy.type.v3.Percent;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Compiles tracing by OpenTelemetry; what is not said is Envoy's default.
final class TracingCompiler {
    private static final int DEFAULT_MAX_PATH = 256;
    private static final String DEFAULT_SERVICE = "unknown_service:envoy";

    /// For services that do not say it.
    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    private final FieldCheck fields;

    TracingCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// Null: nothing is traced.
    @Nullable TracingSpec compile(String place, Tracing tracing) {
        if (!tracing.hasProvider()) {
            return null;
        }
        var provider = tracing.getProvider();
        if (!provider.getTypedConfig().isSameTypeAs(OpenTelemetryConfig.getDefaultInstance())) {
            throw Rejected.at(
                    place + ".provider",
                    provider.getName() + " is not supported; use envoy.tracers.opentelemetry");
        }
        var config =
                Unpack.any(
                        place, provider.getTypedConfig(), OpenTelemetryConfig.getDefaultInstance());
        fields.check(place + ".provider", config);
        return new TracingSpec(
                export(place + ".provider", config),
                percent(place, tracing.getClientSampling(), tracing.hasClientSampling()),
                percent(place, tracing.getRandomSampling(), tracing.hasRandomSampling()),
                percent(place, tracing.getOverallSampling(), tracing.hasOverallSampling()),
                tracing.hasMaxPathTagLength()
                        ? Unpack.limit(tracing.getMaxPathTagLength())
                        : DEFAULT_MAX_PATH);
    }

    private static double percent(String place, Percent percent, boolean present) {
        return present ? Unpack.percent(place, percent) : 100;
    }

    private static @Nullable Export export(String place, OpenTelemetryConfig config) {
        var service = config.getServiceName().isEmpty() ? DEFAULT_SERVICE : config.getServiceName();
        if (config.hasGrpcService() && config.hasHttpService()) {
            throw Rejected.at(place, "has both grpc_service and http_service");
        }
        if (config.hasGrpcService()) {
            return grpc(place + ".grpc_service", service, config.getGrpcService());
        }
        return config.hasHttpService()
                ? http(place + ".http_service", service, config.getHttpService())
                : null;
    }

    private static Export grpc(String place, String service, GrpcService to) {
        if (!to.hasEnvoyGrpc()) {
            throw Rejected.at(place, "needs envoy_grpc");
        }
        var cluster = to.getEnvoyGrpc().getClusterName();
        var authority = to.getEnvoyGrpc().getAuthority();
        return new Export(
                service,
                cluster,
                true,
                authority.isEmpty() ? cluster : authority,
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                HeaderEditCompiler.metadata(
                        place + ".initial_metadata", to.getInitialMetadataList()),
                Unpack.positiveDuration(
                        place + ".timeout", to.getTimeout(), to.hasTimeout(), DEFAULT_TIMEOUT));
    }

    private static Export http(String place, String service, HttpService to) {
        var uri = to.getHttpUri();
        try {
            var parsed = new URI(uri.getUri());
            var path = parsed.getRawPath();
            if (parsed.getRawAuthority() == null || path == null || path.isEmpty()) {
                throw Rejected.at(
                        place + ".http_uri", "'" + uri.getUri() + "' lacks a host or a path");
            }
            return new Export(
                    service,
                    uri.getCluster(),
                    false,
                    parsed.getRawAuthority(),
                    path,
                    HeaderEditCompiler.own(place, to.getRequestHeadersToAddList(), List.of()),
                    Unpack.positiveDuration(
                            place + ".http_uri.timeout",
                            uri.getTimeout(),
                            uri.hasTimeout(),
                            DEFAULT_TIMEOUT));
        } catch (URISyntaxException invalid) {
            throw Rejected.at(place + ".http_uri", "'" + uri.getUri() + "' is not a URI");
        }
    }
}
