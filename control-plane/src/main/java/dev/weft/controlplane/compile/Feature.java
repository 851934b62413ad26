package dev.weft.controlplane.compile;

import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;

/// What a proxy must list in `node.client_features` to be sent it.
public enum Feature {
    /// `Router.suppress_envoy_headers: false` on the inbound side.
    UPSTREAM_SERVICE_TIME("weft.upstream-service-time"),

    /// `normalize_path` and its kin on the inbound side.
    PATH_NORMALIZATION("weft.path-normalization");

    private final String id;

    Feature(String id) {
        this.id = id;
    }

    /// Those that both sides know.
    public static Set<Feature> common(Collection<String> one, Collection<String> other) {
        Set<Feature> features = EnumSet.noneOf(Feature.class);
        for (Feature feature : values()) {
            if (one.contains(feature.id) && other.contains(feature.id)) {
                features.add(feature);
            }
        }
        return features;
    }
}
