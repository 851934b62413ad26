package dev.weft.operator.tell;

import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshInstallationStatus;
import dev.weft.operator.desired.Desired;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;

/// The one writer of `MeshInstallation.status`.
public final class StatusWriter {
    private static final int NOT_FOUND = 404;

    private final KubernetesClient client;

    public StatusWriter(KubernetesClient client) {
        this.client = client;
    }

    /// Writes what is new; a status that says the same is not written.
    public void write(MeshInstallation mesh, MeshInstallationStatus status) {
        if (status.equals(mesh.getStatus())) {
            return;
        }
        var body = new MeshInstallation();
        body.setMetadata(
                new ObjectMetaBuilder()
                        .withName(mesh.getMetadata().getName())
                        .withUid(mesh.getMetadata().getUid())
                        .build());
        body.setStatus(status);
        try {
            client.resource(body)
                    .subresource("status")
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                    .withFieldManager(Desired.MANAGER)
                                    .withForce(true)
                                    .build());
        } catch (KubernetesClientException e) {
            if (e.getCode() != NOT_FOUND) {
                throw e; // deleted meanwhile: nobody is left to be told
            }
        }
    }
}
