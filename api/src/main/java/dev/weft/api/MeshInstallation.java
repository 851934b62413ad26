package dev.weft.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.NullUnmarked;

/// The mesh of a cluster: one of these is its whole life. Changing `spec.version` upgrades it,
/// deleting it removes it.
@Group(Names.GROUP)
@Version(Names.VERSION)
@ShortNames("mesh")
@Categories("weft")
@AdditionalPrinterColumn(name = "Version", jsonPath = ".status.version")
@AdditionalPrinterColumn(
        name = "Ready",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "Proxies", jsonPath = ".status.proxies.text")
@AdditionalPrinterColumn(name = "Age", jsonPath = ".metadata.creationTimestamp", type = Type.DATE)
@AdditionalPrinterColumn(name = "Wanted", jsonPath = ".spec.version", priority = 1)
@AdditionalPrinterColumn(
        name = "Progress",
        jsonPath = ".status.conditions[?(@.type==\"Progressing\")].reason",
        priority = 1)
@AdditionalPrinterColumn(
        name = "Degraded",
        jsonPath = ".status.conditions[?(@.type==\"Degraded\")].reason",
        priority = 1)
@AdditionalPrinterColumn(
        name = "Message",
        jsonPath = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1)
@NullUnmarked // fabric8 sets spec and status after construction
public final class MeshInstallation
        extends CustomResource<MeshInstallationSpec, MeshInstallationStatus> {
    private static final long serialVersionUID = 1;

    @Override
    protected MeshInstallationSpec initSpec() {
        return null;
    }

    @Override
    protected MeshInstallationStatus initStatus() {
        return null;
    }
}
