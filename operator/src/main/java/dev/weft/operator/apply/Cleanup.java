package dev.weft.operator.apply;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import dev.weft.operator.apply.Applier.Work;
import dev.weft.operator.desired.AdmissionPolicies;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.Owned;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Takes away what the operator, and on its behalf the control planes, made.
final class Cleanup {
    /// What has to go before a control plane stops writing.
    private static final Set<String> RUNNING = Set.of("Deployment", "PodDisruptionBudget");

    private static final Set<String> POLICIES =
            Set.of("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding");

    private final KubernetesClient client;
    private final Ledger ledger;

    Cleanup(KubernetesClient client, Ledger ledger) {
        this.client = client;
        this.ledger = ledger;
    }

    void injector(Owned owned) {
        deleteAll(owned.ofKind("MutatingWebhookConfiguration"));
    }

    /// Takes one revision away; true when nothing of it is left.
    boolean revision(String revision, Observed seen, Owned owned, Work work) {
        var objects = owned.withLabel(Labels.REVISION, revision);
        for (var object : objects) {
            if (RUNNING.contains(object.getKind())) {
                work.attempt(Key.of(object), () -> delete(object));
            }
        }
        var there = seen.revisions().get(revision);
        if (there == null || !there.podsGone() || isRunning(objects)) {
            return there == null && objects.isEmpty();
        }
        work.attempt("ConfigMaps " + Names.MESH_CONFIG_MAP, () -> dropBootstrap(revision));
        for (var object : objects) {
            if (!object.getKind().equals("MeshRevision")) {
                work.attempt(Key.of(object), () -> delete(object));
            }
        }
        if (work.failures.isEmpty()) {
            // Last of all: while it is there the retirement is not over.
            for (var object : objects) {
                work.attempt(Key.of(object), () -> delete(object));
            }
        }
        return false;
    }

    /// Takes everything away; done when nothing is left.
    Outcome everything(Observed seen, Owned owned) {
        var work = new Work(seen.now());
        work.attempt(Names.INJECTOR, () -> injector(owned));
        work.attempt("proof pods", () -> deleteAll(owned.ofKind("Pod")));
        var rest = owned.all();
        for (var object : rest) {
            if (RUNNING.contains(object.getKind())) {
                work.attempt(Key.of(object), () -> delete(object));
            }
        }
        var podsGone = seen.revisions().values().stream().allMatch(r -> r.podsGone());
        if (!podsGone || isRunning(rest) || !work.failures.isEmpty()) {
            return work.outcome(false);
        }
        work.attempt("ConfigMaps " + Names.MESH_CONFIG_MAP, this::dropMeshConfigMaps);
        for (var object : rest) {
            if (!POLICIES.contains(object.getKind())) {
                work.attempt(Key.of(object), () -> delete(object));
            }
        }
        work.attempt("Secret " + Names.ROOT_SECRET, this::dropRoot);
        if (work.failures.isEmpty()) {
            // By name, whatever the caches say: the policy that narrows the operator goes last.
            for (var policy :
                    List.of(
                            AdmissionPolicies.INJECT_LABEL,
                            AdmissionPolicies.UNINSTALL_GUARD,
                            AdmissionPolicies.OPERATOR_PODS)) {
                work.attempt("ValidatingAdmissionPolicy " + policy, () -> dropPolicy(policy));
            }
        }
        return work.outcome(true);
    }

    private static boolean isRunning(List<HasMetadata> objects) {
        return objects.stream().anyMatch(o -> o.getKind().equals("Deployment"));
    }

    private void deleteAll(List<HasMetadata> objects) {
        objects.forEach(this::delete);
    }

    private void delete(HasMetadata object) {
        client.resource(object).withPropagationPolicy(DeletionPropagation.BACKGROUND).delete();
        ledger.forget(Key.of(object));
    }

    private void dropPolicy(String name) {
        var admission = client.admissionRegistration().v1();
        admission.validatingAdmissionPolicyBindings().withName(name).delete();
        admission.validatingAdmissionPolicies().withName(name).delete();
        ledger.forget("ValidatingAdmissionPolicyBinding " + name);
        ledger.forget("ValidatingAdmissionPolicy " + name);
    }

    private void dropRoot() {
        client.secrets().inNamespace(Names.NAMESPACE).withName(Names.ROOT_SECRET).delete();
    }

    private List<ConfigMap> meshConfigMaps() {
        return client
                .configMaps()
                .inAnyNamespace()
                .withField("metadata.name", Names.MESH_CONFIG_MAP)
                .list()
                .getItems()
                .stream()
                .filter(Cleanup::isOurs)
                .toList();
    }

    /// Somebody's own ConfigMap of that name stays.
    private static boolean isOurs(ConfigMap map) {
        return map.getData() != null
                && (map.getData().containsKey(Names.ROOTS_KEY)
                        || map.getData().keySet().stream()
                                .anyMatch(key -> key.matches("bootstrap-.*[.]json")));
    }

    private void dropMeshConfigMaps() {
        for (var map : meshConfigMaps()) {
            client.resource(map).delete();
        }
    }

    private void dropBootstrap(String revision) {
        var key = Names.bootstrapKey(revision);
        for (var map : meshConfigMaps()) {
            if (map.getData().containsKey(key)) {
                var nothing = new java.util.HashMap<String, Object>();
                nothing.put(key, null);
                client.configMaps()
                        .inNamespace(map.getMetadata().getNamespace())
                        .withName(Names.MESH_CONFIG_MAP)
                        .patch(
                                PatchContext.of(PatchType.JSON_MERGE),
                                client.getKubernetesSerialization()
                                        .asJson(Map.of("data", nothing)));
            }
        }
    }
}
