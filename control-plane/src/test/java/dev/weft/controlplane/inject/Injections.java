package dev.weft.controlplane.inject;

import dev.weft.controlplane.revision.RevisionSettings;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.time.Duration;
import java.util.List;

/// Settings for the tests of this package.
final class Injections {
    private Injections() {}

    static RevisionSettings settings() {
        return settings(RevisionSettings.Mode.MESH);
    }

    static RevisionSettings settings(RevisionSettings.Mode mode) {
        var resources =
                new ResourceRequirementsBuilder()
                        .addToRequests("memory", new Quantity("64Mi"))
                        .addToLimits("memory", new Quantity("256Mi"))
                        .build();
        return new RevisionSettings(
                4,
                "0.2.0",
                "cluster.local",
                RevisionSettings.MtlsMode.PERMISSIVE,
                mode,
                Duration.ofHours(24),
                "registry.example/weft-proxy:0.2.0",
                resources,
                true,
                List.of());
    }
}
