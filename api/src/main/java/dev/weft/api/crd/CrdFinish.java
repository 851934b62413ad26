package dev.weft.api.crd;

import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What no annotation can say: map-lists, the kinds' descriptions, the columns' order; and what the
/// generator says twice.
final class CrdFinish implements CRDPostProcessor {
    private static final Map<String, String> DESCRIPTIONS =
            Map.of(
                    "MeshInstallation",
                    "The mesh of a cluster; one of these is its whole life. Changing spec.version upgrades it, deleting it removes it. The oldest one counts.",
                    "MeshRevision",
                    "One installed version of the control plane. Internal: spec is the operator's, status the control plane replicas'.");

    /// The generator sorts columns by path; these come first, in this order, and Age last.
    private static final List<String> COLUMNS =
            List.of("Version", "Ready", "Injecting", "Mode", "Proxies");

    @Override
    public HasMetadata process(HasMetadata resource, String crdSpecVersion) {
        var crd = (CustomResourceDefinition) resource;
        for (var version : crd.getSpec().getVersions()) {
            var schema = version.getSchema().getOpenAPIV3Schema();
            schema.setDescription(DESCRIPTIONS.get(crd.getSpec().getNames().getKind()));
            var status = Objects.requireNonNull(schema.getProperties().get("status"));
            mapList(status, "conditions", "type");
            mapList(status, "replicas", "name");
            mapList(status, "revisions", "name");
            schema.setRequired(List.of("spec"));
            rulesOnce(schema);
            version.getAdditionalPrinterColumns()
                    .sort(
                            Comparator.comparing(CustomResourceColumnDefinition::getPriority)
                                    .thenComparing(column -> place(column.getName())));
        }
        return crd;
    }

    private static int place(String column) {
        var place = COLUMNS.indexOf(column);
        return place >= 0 ? place : COLUMNS.size();
    }

    /// A rule on a record's component is found on its field and on its accessor.
    private static void rulesOnce(JSONSchemaProps schema) {
        var rules = schema.getXKubernetesValidations();
        if (rules != null) {
            schema.setXKubernetesValidations(new ArrayList<>(new LinkedHashSet<>(rules)));
        }
        if (schema.getProperties() != null) {
            schema.getProperties().values().forEach(CrdFinish::rulesOnce);
        }
        if (schema.getItems() != null && schema.getItems().getSchema() != null) {
            rulesOnce(schema.getItems().getSchema());
        }
    }

    private static void mapList(JSONSchemaProps parent, String name, String key) {
        var list = parent.getProperties().get(name);
        if (list == null) {
            return;
        }
        list.setXKubernetesListType("map");
        list.setXKubernetesListMapKeys(List.of(key));
        list.getItems().getSchema().setRequired(List.of(key));
    }
}
