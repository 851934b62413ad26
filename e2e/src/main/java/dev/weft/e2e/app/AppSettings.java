package dev.weft.e2e.app;

import java.util.Map;
import java.util.Optional;

/// What a server is told about itself, by environment variables.
///
/// @param pod the pod's name
/// @param service the Service that this pod belongs to, so that a client notices a wrong backend
/// @param version the version label, which tells the two sides of a traffic split apart
/// @param meshed whether the pod was injected (by the downward API, from the injector's annotation)
/// @param recorder base URL of the recorder, if ids are to be recorded
public record AppSettings(
        String pod, String service, String version, boolean meshed, Optional<String> recorder) {

    static AppSettings of(Map<String, String> env) {
        return new AppSettings(
                env.getOrDefault("POD_NAME", "local"),
                env.getOrDefault("SERVICE", "app"),
                env.getOrDefault("VERSION", "v1"),
                !env.getOrDefault("MESHED", "").isBlank(),
                Optional.ofNullable(env.get("RECORDER")).filter(url -> !url.isBlank()));
    }
}
