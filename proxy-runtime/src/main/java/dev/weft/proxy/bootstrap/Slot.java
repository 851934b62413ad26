package dev.weft.proxy.bootstrap;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Objects;

/// Which of the pod's two proxy containers this is (injection contract): `WEFT_SLOT` says it. The
/// pod's annotation `weft.dev/slot` names the one whose proxy shall serve.
///
/// @param name empty outside of a meshed pod, where there is no other
public record Slot(String name) {
    private static final String VARIABLE = "WEFT_SLOT";
    private static final String ANNOTATION = "weft.dev/slot";

    /// Where a pod's annotations name none.
    private static final String FIRST = "1";

    /// Outside of a meshed pod.
    public static final Slot ONLY = new Slot("");

    public static Slot of(Map<String, String> environment) {
        return new Slot(Objects.requireNonNullElse(environment.get(VARIABLE), ""));
    }

    /// Whether this is the proxy of a pod that was injected.
    public boolean isOfAPod() {
        return !name.isEmpty();
    }

    /// Whether this one's proxy shall serve, as the pod's annotations say just now. Where they
    /// cannot be read it shall.
    public boolean isWanted(Paths paths) {
        if (name.isEmpty()) {
            return true;
        }
        try {
            var annotations = Annotations.parse(Files.readString(paths.annotations()));
            return name.equals(annotations.getOrDefault(ANNOTATION, FIRST));
        } catch (IOException e) {
            return true;
        }
    }
}
