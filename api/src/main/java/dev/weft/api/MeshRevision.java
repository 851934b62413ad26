package dev.weft.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.NullUnmarked;

/// One installed version of the control plane. Internal: `spec` is the operator's word to the
/// revision's replicas, `status` their answer.
@Group(Names.GROUP)
@Version(Names.VERSION)
@Categories("weft")
@AdditionalPrinterColumn(name = "Version", jsonPath = ".spec.version")
@AdditionalPrinterColumn(name = "Injecting", jsonPath = ".spec.injecting", type = Type.BOOLEAN)
@AdditionalPrinterColumn(name = "Mode", jsonPath = ".spec.mode")
@AdditionalPrinterColumn(name = "Proxies", jsonPath = ".status.replicas[*].proxies")
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = Type.DATE)
@AdditionalPrinterColumn(name = "Synced", jsonPath = ".status.replicas[*].synced", priority = 1)
@NullUnmarked // fabric8 sets spec and status after construction
public final class MeshRevision extends CustomResource<MeshRevisionSpec, MeshRevisionStatus> {
    private static final long serialVersionUID = 1;

    @Override
    protected MeshRevisionSpec initSpec() {
        return null;
    }

    @Override
    protected MeshRevisionStatus initStatus() {
        return null;
    }
}
