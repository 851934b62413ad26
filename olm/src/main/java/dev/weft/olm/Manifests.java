package dev.weft.olm;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleRef;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The objects that `kubectl apply -k src/main/kubernetes` would apply, as the kustomization lists
/// them.
///
/// @param objects all of them, in the kustomization's order
/// @param samples the `MeshInstallation` examples next to them
record Manifests(List<HasMetadata> objects, List<HasMetadata> samples) {
    Manifests {
        objects = List.copyOf(objects);
        samples = List.copyOf(samples);
    }

    /// Reads a kustomization folder.
    ///
    /// @throws IOException when a listed file is missing or no Kubernetes object
    static Manifests read(Path folder) throws IOException {
        var objects = new ArrayList<HasMetadata>();
        collect(folder, objects);
        var samples = new ArrayList<HasMetadata>();
        Path sampleFolder = folder.resolve("samples");
        if (Files.isDirectory(sampleFolder)) {
            try (Stream<Path> files = Files.list(sampleFolder)) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
                    samples.addAll(objectsOf(file));
                }
            }
        }
        return new Manifests(objects, samples);
    }

    private static void collect(Path folder, List<HasMetadata> into) throws IOException {
        JsonNode kustomization =
                Serialization.yamlMapper()
                        .readTree(Files.readString(folder.resolve("kustomization.yaml")));
        for (JsonNode resource : kustomization.path("resources")) {
            Path path = folder.resolve(resource.asText());
            if (Files.isDirectory(path)) {
                collect(path, into);
            } else {
                into.addAll(objectsOf(path));
            }
        }
    }

    private static List<HasMetadata> objectsOf(Path file) throws IOException {
        var found = new ArrayList<HasMetadata>();
        for (String document : Files.readString(file).split("(?m)^---\\s*$")) {
            if (document.lines().allMatch(line -> line.isBlank() || line.startsWith("#"))) {
                continue;
            }
            Object object = Serialization.unmarshal(document);
            if (!(object instanceof HasMetadata known)) {
                throw new IOException(file + ": a document in it is no Kubernetes object");
            }
            found.add(known);
        }
        return found;
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    List<CustomResourceDefinition> crds() {
        return all(CustomResourceDefinition.class);
    }

    /// The operator's own Deployment: the only one in the manifests.
    Deployment operator() {
        List<Deployment> deployments = all(Deployment.class);
        if (deployments.size() != 1) {
            throw new IllegalStateException(
                    "src/main/kubernetes must hold exactly one Deployment, the operator's; found "
                            + deployments.size());
        }
        return deployments.getFirst();
    }

    String operatorAccount() {
        return operator().getSpec().getTemplate().getSpec().getServiceAccountName();
    }

    /// The rules that bindings give to the operator's account in the whole cluster, and those in
    /// other namespaces than its own: OLM knows only "everywhere" and "where the operator is".
    List<PolicyRule> clusterRules() {
        Stream<RoleRef> everywhere =
                all(ClusterRoleBinding.class).stream()
                        .filter(binding -> bindsOperator(binding.getSubjects()))
                        .map(ClusterRoleBinding::getRoleRef);
        Stream<PolicyRule> elsewhere =
                roleBindings().filter(binding -> !isOwnNamespace(binding)).flatMap(this::rulesOf);
        return Stream.concat(everywhere.flatMap(this::rulesOfClusterRole), elsewhere).toList();
    }

    /// The rules that bindings give to the operator's account in its own namespace.
    List<PolicyRule> namespaceRules() {
        return roleBindings().filter(this::isOwnNamespace).flatMap(this::rulesOf).toList();
    }

    private Stream<RoleBinding> roleBindings() {
        return all(RoleBinding.class).stream()
                .filter(binding -> bindsOperator(binding.getSubjects()));
    }

    private boolean isOwnNamespace(RoleBinding binding) {
        return operator().getMetadata().getNamespace().equals(binding.getMetadata().getNamespace());
    }

    /// ClusterRoles that are bound to nobody yet: the operator binds them later, so the bundle must
    /// carry them.
    List<ClusterRole> unboundClusterRoles() {
        List<String> bound =
                all(ClusterRoleBinding.class).stream()
                        .map(binding -> binding.getRoleRef().getName())
                        .toList();
        return all(ClusterRole.class).stream()
                .filter(role -> !bound.contains(role.getMetadata().getName()))
                .toList();
    }

    /// The versions that the operator may install, from the ConfigMap `weft-versions`.
    ConfigMap versions() {
        return all(ConfigMap.class).stream()
                .filter(map -> map.getMetadata().getName().equals("weft-versions"))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(
                                "src/main/kubernetes has no ConfigMap weft-versions"));
    }

    private boolean bindsOperator(List<Subject> subjects) {
        return subjects.stream().anyMatch(subject -> operatorAccount().equals(subject.getName()));
    }

    private Stream<PolicyRule> rulesOf(RoleBinding binding) {
        RoleRef ref = binding.getRoleRef();
        if (ref.getKind().equals("ClusterRole")) {
            return rulesOfClusterRole(ref);
        }
        return all(Role.class).stream()
                .filter(role -> role.getMetadata().getName().equals(ref.getName()))
                .filter(role ->
                        role.getMetadata()
                                .getNamespace()
                                .equals(binding.getMetadata().getNamespace()))
                .flatMap(role -> role.getRules().stream());
    }

    private Stream<PolicyRule> rulesOfClusterRole(RoleRef ref) {
        return all(ClusterRole.class).stream()
                .filter(role -> role.getMetadata().getName().equals(ref.getName()))
                .flatMap(role -> role.getRules().stream());
    }
}
