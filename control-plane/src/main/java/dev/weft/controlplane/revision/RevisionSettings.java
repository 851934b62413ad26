package dev.weft.controlplane.revision;

import dev.weft.api.GoDuration;
import dev.weft.api.MeshRevision;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.time.Duration;
import java.util.List;

/// What the operator wants of this control plane: an immutable view of `MeshRevision.spec`.
///
/// @param generation `metadata.generation` that these settings were read from
/// @param proxyResources never changed by anybody who reads it
/// @param injecting whether new pods are to belong to this revision
/// @param pods the few pods that the operator works on just now
public record RevisionSettings(
        long generation,
        String version,
        String trustDomain,
        MtlsMode mtlsMode,
        Mode mode,
        Duration workloadCertificateLifetime,
        String proxyImage,
        ResourceRequirements proxyResources,
        boolean injecting,
        List<WorkedPod> pods) {

    public RevisionSettings {
        pods = List.copyOf(pods);
    }

    /// Reads a resource.
    ///
    /// @throws IllegalArgumentException when it lacks what the CRD requires
    static RevisionSettings of(MeshRevision resource) {
        var spec = resource.getSpec();
        if (spec == null
                || spec.version() == null
                || spec.trustDomain() == null
                || spec.proxyImage() == null) {
            throw new IllegalArgumentException(
                    "spec.version, spec.trustDomain and spec.proxyImage must be set.");
        }
        var generation = resource.getMetadata().getGeneration();
        var resources = spec.proxyResources();
        return new RevisionSettings(
                generation == null ? 0 : generation,
                spec.version(),
                spec.trustDomain(),
                switch (spec.mtlsMode()) {
                    case Permissive -> MtlsMode.PERMISSIVE;
                    case Strict -> MtlsMode.STRICT;
                },
                switch (spec.mode()) {
                    case Mesh -> Mode.MESH;
                    case Permissive -> Mode.PERMISSIVE;
                    case PassThrough -> Mode.PASS_THROUGH;
                },
                GoDuration.parse(spec.workloadCertificateLifetime()),
                spec.proxyImage(),
                resources == null ? new ResourceRequirements() : resources,
                spec.injecting(),
                spec.pods().stream()
                        .map(pod ->
                                new WorkedPod(pod.namespace(), pod.name(), pod.uid(), pod.drain()))
                        .toList());
    }

    /// Whether the inbound side takes plaintext.
    public enum MtlsMode {
        PERMISSIVE,
        STRICT
    }

    /// `PERMISSIVE`, then `PASS_THROUGH`, is the way out of the mesh.
    public enum Mode {
        MESH,
        PERMISSIVE,
        PASS_THROUGH
    }

    /// A pod that the operator works on; `drain`: its endpoints are to be taken out of use.
    public record WorkedPod(String namespace, String name, String uid, boolean drain) {}
}
