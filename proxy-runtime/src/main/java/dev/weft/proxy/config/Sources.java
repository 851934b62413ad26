package dev.weft.proxy.config;

import io.envoyproxy.envoy.config.core.v3.ApiConfigSource.ApiType;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource.ConfigSourceSpecifierCase;

/// Where more configuration comes from. There is one source, the ADS stream; another one that is
/// asked for must not be taken for it.
final class Sources {
    /// What the bootstrap of a stock Envoy in the mesh calls the agent that has its secrets.
    private static final String AGENT = "sds";

    private Sources() {}

    static void check(String place, ConfigSource source) {
        if (!isStream(source)) {
            throw Rejected.at(place, "must be {\"ads\": {}}: the proxy has no other source");
        }
        checkVersion(place + ".resource_api_version", source.getResourceApiVersion());
    }

    /// Secrets are the proxy's own: it need not ask the agent for them, but it may be told to.
    static void checkSecrets(String place, ConfigSource source) {
        if (!isStream(source) && !isAgent(place, source)) {
            throw Rejected.at(
                    place,
                    "must be {\"ads\": {}}, or gRPC of the cluster \""
                            + AGENT
                            + "\": the proxy has its secrets from nowhere else");
        }
        checkVersion(place + ".resource_api_version", source.getResourceApiVersion());
    }

    /// `self` of what comes by ADS is ADS.
    private static boolean isStream(ConfigSource source) {
        return source.getConfigSourceSpecifierCase()
                        == ConfigSourceSpecifierCase.CONFIGSOURCESPECIFIER_NOT_SET
                || source.hasAds()
                || source.hasSelf();
    }

    private static boolean isAgent(String place, ConfigSource source) {
        var api = source.getApiConfigSource();
        checkVersion(
                place + ".api_config_source.transport_api_version", api.getTransportApiVersion());
        return (api.getApiType() == ApiType.GRPC || api.getApiType() == ApiType.DELTA_GRPC)
                && api.getGrpcServicesCount() == 1
                && api.getGrpcServices(0).getEnvoyGrpc().getClusterName().equals(AGENT);
    }

    private static void checkVersion(String place, ApiVersion version) {
        if (version != ApiVersion.AUTO && version != ApiVersion.V3) {
            throw Rejected.at(place, "must be V3");
        }
    }
}
