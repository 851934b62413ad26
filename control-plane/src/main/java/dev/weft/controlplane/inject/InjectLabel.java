package dev.weft.controlplane.inject;

import dev.weft.api.Labels;
import org.jspecify.annotations.Nullable;

/// The wish of the label `weft.dev/inject`.
sealed interface InjectLabel {
    record Wanted(boolean inject) implements InjectLabel {}

    record Unset() implements InjectLabel {}

    record Unknown(String value) implements InjectLabel {}

    static InjectLabel of(@Nullable String value) {
        if (value == null) {
            return new Unset();
        }
        return switch (value) {
            case Labels.INJECT_ENABLED -> new Wanted(true);
            case Labels.INJECT_DISABLED -> new Wanted(false);
            default -> new Unknown(value);
        };
    }
}
