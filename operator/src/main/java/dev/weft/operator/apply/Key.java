package dev.weft.operator.apply;

import io.fabric8.kubernetes.api.model.HasMetadata;

/// The identity of an object, also for people: `Deployment weft-system/weft-control-plane-0-2-0`.
public final class Key {
    private Key() {}

    public static String of(HasMetadata object) {
        var namespace = object.getMetadata().getNamespace();
        return object.getKind()
                + " "
                + (namespace == null ? "" : namespace + "/")
                + object.getMetadata().getName();
    }
}
