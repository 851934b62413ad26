package dev.weft.operator.desired;

import dev.weft.api.Labels;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.Names;
import dev.weft.operator.plan.Plan.Run;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.SubjectBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// What shall be in the cluster, in the order in which it is applied.
public final class Desired {
    public static final String MANAGER = "weft-operator";

    private final MeshInstallation mesh;
    private final String rootPem;

    /// @param rootPem the mesh's root certificate, which the API server shall trust the injector by
    public Desired(MeshInstallation mesh, String rootPem) {
        this.mesh = mesh;
        this.rootPem = rootPem;
    }

    /// All objects of a running mesh. Policies come first, so that they hold before they are
    /// needed.
    public List<HasMetadata> of(Run run) {
        var objects = new ArrayList<HasMetadata>(new AdmissionPolicies(this).all());
        MeshInstallationSpec.ControlPlane size = mesh.getSpec().controlPlane();
        objects.add(rights(run));
        for (var revision : run.revisions()) {
            if (run.retire().contains(revision.name())) {
                continue;
            }
            objects.addAll(new ControlPlane(this, revision, size).all());
        }
        if (!run.injecting().isEmpty()) {
            objects.add(Injector.webhooks(this, run.injecting(), rootPem));
        }
        return objects;
    }

    /// One binding for all revisions, so that the operator needs rights on this one name alone.
    private ClusterRoleBinding rights(Run run) {
        var revisions = new TreeSet<>(run.retire());
        run.revisions().forEach(revision -> revisions.add(revision.name()));
        return new ClusterRoleBindingBuilder()
                .withMetadata(meta(Names.CONTROL_PLANE_ROLE, ControlPlane.COMPONENT, ""))
                .withNewRoleRef(
                        "rbac.authorization.k8s.io", "ClusterRole", Names.CONTROL_PLANE_ROLE)
                .withSubjects(
                        revisions.stream()
                                .map(revision ->
                                        new SubjectBuilder()
                                                .withKind("ServiceAccount")
                                                .withName(Names.controlPlane(revision))
                                                .withNamespace(Names.NAMESPACE)
                                                .build())
                                .toList())
                .build();
    }

    /// The name, the labels and the owner of a namespaced object, or of one that belongs to the
    /// whole cluster.
    ObjectMeta meta(String name, String component, String namespace) {
        var meta =
                new ObjectMetaBuilder()
                        .withName(name)
                        .withLabels(
                                Map.of(
                                        Labels.NAME,
                                        "weft",
                                        Labels.PART_OF,
                                        "weft",
                                        Labels.COMPONENT,
                                        component,
                                        Labels.MANAGED_BY,
                                        MANAGER))
                        .withOwnerReferences(owner());
        return (namespace.isEmpty() ? meta : meta.withNamespace(namespace)).build();
    }

    /// Should the finalizer be taken off by hand, the cluster's garbage collector still cleans up.
    private OwnerReference owner() {
        return new OwnerReferenceBuilder()
                .withApiVersion(mesh.getApiVersion())
                .withKind(mesh.getKind())
                .withName(mesh.getMetadata().getName())
                .withUid(mesh.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(false)
                .build();
    }
}
