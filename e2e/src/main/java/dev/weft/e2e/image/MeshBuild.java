package dev.weft.e2e.image;

import java.util.List;

/// One of the builds of the mesh that are made from the same sources: they differ in what is
/// compiled in as `weft-build.properties`.
public record MeshBuild(String version, List<String> features) {
    public static final MeshBuild OLD = new MeshBuild("0.1.0", List.of());
    public static final MeshBuild NEW =
            new MeshBuild(
                    "0.2.0", List.of("weft.upstream-service-time", "weft.path-normalization"));

    /// In the order in which they came out.
    public static final List<MeshBuild> ALL = List.of(OLD, NEW);

    public MeshBuild {
        features = List.copyOf(features);
    }

    String properties() {
        return "version=%s\nfeatures=%s\n".formatted(version, String.join(",", features));
    }
}
