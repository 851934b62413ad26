package dev.weft.e2e.app;

import java.util.List;
import java.util.Map;

/// What a load generator sends.
///
/// @param services short names of the Services, which listen on 80 (HTTP/1.1), 81 (HTTP/2) and 9090
///   (gRPC); none for a load generator that waits to be told
/// @param domain what follows the short name, with its leading dot
/// @param perProtocol requests a second of each protocol
record LoadSettings(List<String> services, String domain, int perProtocol) {
    LoadSettings {
        services = List.copyOf(services);
    }

    static LoadSettings of(Map<String, String> env) {
        return new LoadSettings(
                env.containsKey("TARGETS") ? List.of(env.get("TARGETS").split(",")) : List.of(),
                "." + env.getOrDefault("TARGET_NAMESPACE", "default") + ".svc.cluster.local",
                Integer.parseInt(env.getOrDefault("RATE", "10")));
    }
}
