package dev.weft.controlplane.compile;

import dev.weft.api.MeshRevision;
import dev.weft.api.MtlsMode;
import dev.weft.controlplane.model.MeshGrant;
import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshPod;
import dev.weft.controlplane.model.MeshRoute;
import dev.weft.controlplane.model.MeshService;
import dev.weft.controlplane.model.MeshSlice;
import dev.weft.controlplane.model.ObjectName;
import dev.weft.controlplane.revision.RevisionSettings;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads the objects of a cluster from a file, through the same trimming as the informers. A
/// MeshRevision may be left out.
final class ClusterFile {
    private static final KubernetesSerialization YAML = new KubernetesSerialization();

    private ClusterFile() {}

    static MeshModel read(Path file) throws IOException {
        return parse(Files.readString(file));
    }

    static MeshModel parse(String yaml) {
        RevisionSettings settings = settings(1, MtlsMode.Permissive, "MESH", List.of());
        Map<ObjectName, MeshService> services = new HashMap<>();
        Map<ObjectName, List<MeshSlice>> slices = new HashMap<>();
        Map<ObjectName, MeshPod> pods = new HashMap<>();
        List<MeshRoute> routes = new ArrayList<>();
        List<MeshGrant> grants = new ArrayList<>();
        for (HasMetadata object : objects(yaml)) {
            switch (object) {
                case Service service -> {
                    MeshService trimmed = MeshService.of(service);
                    services.put(trimmed.name(), trimmed);
                }
                case EndpointSlice slice -> {
                    MeshSlice trimmed = MeshSlice.of(slice);
                    if (trimmed != null) {
                        slices.computeIfAbsent(trimmed.service(), _ -> new ArrayList<>())
                                .add(trimmed);
                    }
                }
                case Pod pod -> {
                    MeshPod trimmed = MeshPod.of(pod, null);
                    pods.put(trimmed.name(), trimmed);
                }
                case HTTPRoute route -> routes.add(MeshRoute.of(route));
                case ReferenceGrant grant -> grants.add(MeshGrant.of(grant));
                case MeshRevision revision -> settings = settings(revision);
                default -> throw new IllegalArgumentException("unknown kind " + object.getKind());
            }
        }
        return new MeshModel(settings, services, slices, pods, routes, grants);
    }

    private static List<HasMetadata> objects(String yaml) {
        List<HasMetadata> objects = new ArrayList<>();
        for (String document : yaml.split("(?m)^---$")) {
            if (!document.isBlank()) {
                HasMetadata object =
                        document.contains("kind: MeshRevision")
                                ? YAML.unmarshal(document, MeshRevision.class)
                                : YAML.unmarshal(document);
                objects.add(object);
            }
        }
        return objects;
    }

    private static RevisionSettings settings(MeshRevision revision) {
        var spec = revision.getSpec();
        return settings(
                revision.getMetadata().getGeneration(),
                spec.mtlsMode(),
                switch (spec.mode()) {
                    case Mesh -> "MESH";
                    case Permissive -> "PERMISSIVE";
                    case PassThrough -> "PASS_THROUGH";
                },
                spec.pods().stream()
                        .map(pod ->
                                new RevisionSettings.WorkedPod(
                                        pod.namespace(), pod.name(), pod.uid(), pod.drain()))
                        .toList());
    }

    private static RevisionSettings settings(
            long generation, MtlsMode mtls, String mode, List<RevisionSettings.WorkedPod> pods) {
        return new RevisionSettings(
                generation,
                "0.2.0",
                "mesh.test",
                mtls == MtlsMode.Strict
                        ? RevisionSettings.MtlsMode.STRICT
                        : RevisionSettings.MtlsMode.PERMISSIVE,
                RevisionSettings.Mode.valueOf(mode),
                Duration.ofHours(24),
                "weft-proxy:0.2.0",
                new ResourceRequirements(),
                true,
                pods);
    }
}
