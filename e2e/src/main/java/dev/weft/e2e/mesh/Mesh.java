package dev.weft.e2e.mesh;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.MeshInstallationStatus;
import dev.weft.api.Names;
import dev.weft.e2e.cluster.Cluster;
import dev.weft.e2e.machine.Output;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The mesh of a cluster: its operator and its `MeshInstallation`.
public final class Mesh {
    /// The `MeshInstallation`'s name in tests and demo.
    public static final String NAME = "weft";

    private static final String OPERATOR = "weft-operator";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Cluster cluster;
    private final MeshImages images;
    private final Path checkout;

    /// @param checkout the project's top folder
    public Mesh(Cluster cluster, MeshImages images, Path checkout) {
        this.cluster = cluster;
        this.images = images;
        this.checkout = checkout;
    }

    /// The CRDs of Gateway API that [#installGatewayApi()] installs, by name.
    public static List<String> gatewayApiCrds() {
        return GatewayApi.crds();
    }

    /// Installs those CRDs of Gateway API that the cluster lacks: Weft does not bring them along.
    public void installGatewayApi() {
        GatewayApi.install(cluster);
    }

    /// `kubectl apply --server-side -k`, with the images as this cluster knows them; waits until
    /// the operator is available.
    public void installOperator() {
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", overlay().toString())
                .orThrow();
        cluster.kubectl(
                        "-n",
                        Names.NAMESPACE,
                        "rollout",
                        "status",
                        "deployment/" + OPERATOR,
                        "--timeout=120s")
                .orThrow();
    }

    /// `kubectl delete -k`.
    public Output uninstallOperator(Duration atMost) {
        return cluster.kubectl(
                "delete",
                "--ignore-not-found",
                "--timeout=" + atMost.toSeconds() + "s",
                "-k",
                overlay().toString());
    }

    /// A kustomization over `src/main/kubernetes` that only names the images.
    private Path overlay() {
        try {
            Path folder = checkout.resolve("e2e/target/kustomize/" + ProcessHandle.current().pid());
            Files.createDirectories(folder);
            Path base = folder.relativize(checkout.resolve("src/main/kubernetes"));
            Files.writeString(
                    folder.resolve("kustomization.yaml"),
                    """
                    resources:
                    - %s
                    patches:
                    - target: {kind: ConfigMap, name: %s}
                      patch: '%s'
                    - target: {kind: Deployment, name: %s}
                      patch: '%s'
                    """
                            .formatted(
                                    base,
                                    Names.VERSIONS_CONFIG_MAP,
                                    JSON.writeValueAsString(List.of(replace("/data", versions()))),
                                    OPERATOR,
                                    JSON.writeValueAsString(
                                            List.of(
                                                    replace(
                                                            "/spec/template/spec/containers/0/image",
                                                            images.operator())))));
            return folder;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static Map<String, Object> replace(String path, Object value) {
        return Map.of("op", "replace", "path", path, "value", value);
    }

    private Map<String, String> versions() throws JsonProcessingException {
        var versions = new TreeMap<String, String>();
        for (String version : images.versions()) {
            versions.put(
                    version,
                    JSON.writeValueAsString(
                            new TreeMap<>(
                                    Map.of(
                                            "controlPlane",
                                            images.controlPlane(version),
                                            "proxy",
                                            images.proxy(version),
                                            "contract",
                                            Names.INJECTION_CONTRACT))));
        }
        return versions;
    }

    public void apply(MeshInstallationSpec spec) {
        var mesh = new MeshInstallation();
        mesh.setMetadata(new ObjectMetaBuilder().withName(NAME).build());
        mesh.setSpec(spec);
        cluster.client().resource(mesh).forceConflicts().serverSideApply();
    }

    /// `kubectl apply -f` of a text, which may be wrong.
    public Output applyYaml(String yaml) {
        try {
            Path file = Files.createTempFile("weft-", ".yaml");
            try {
                Files.writeString(file, yaml);
                return cluster.kubectl("apply", "-f", file.toString());
            } finally {
                Files.delete(file);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// The spec's fields, as a JSON merge patch.
    public Output patchSpec(String json) {
        return cluster.kubectl(
                "patch", "meshinstallation", NAME, "--type=merge", "-p", "{\"spec\":" + json + "}");
    }

    public Optional<MeshInstallation> get() {
        return Optional.ofNullable(
                cluster.client().resources(MeshInstallation.class).withName(NAME).get());
    }

    public Optional<MeshInstallationStatus> status() {
        return get().flatMap(mesh -> Optional.ofNullable(mesh.getStatus()));
    }

    /// Waits until the status speaks of the present spec, says `Ready`, and runs the version.
    public MeshInstallation awaitReady(String version, Duration atMost) {
        return await(
                "MeshInstallation to be Ready with " + version,
                atMost,
                mesh ->
                        isUpToDate(mesh)
                                && version.equals(mesh.getStatus().version())
                                && conditionIs(mesh, ConditionType.Ready, "True"));
    }

    public MeshInstallation await(
            String what, Duration atMost, Predicate<MeshInstallation> condition) {
        return Until.present(
                what,
                atMost,
                () -> get().filter(mesh -> mesh.getStatus() != null).filter(condition),
                this::describe);
    }

    /// Whether the status was written for the present spec.
    public static boolean isUpToDate(MeshInstallation mesh) {
        return mesh.getStatus() != null
                && mesh.getMetadata().getGeneration().equals(mesh.getStatus().observedGeneration());
    }

    public static boolean conditionIs(MeshInstallation mesh, ConditionType type, String status) {
        var condition = mesh.getStatus().condition(type);
        return condition != null && condition.getStatus().equals(status);
    }

    private String describe() {
        return status().map(MeshInstallationStatus::toString).orElse("no status");
    }

    public MeshImages images() {
        return images;
    }
}
