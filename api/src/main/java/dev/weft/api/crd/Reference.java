package dev.weft.api.crd;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/// A kind's reference page, from its CRD.
final class Reference {
    private final StringBuilder page = new StringBuilder();

    private Reference() {}

    static String of(CustomResourceDefinition crd) {
        var version = crd.getSpec().getVersions().getFirst();
        var schema = version.getSchema().getOpenAPIV3Schema();
        var reference = new Reference();
        reference.page.append(
                """
                # %s

                <!-- Generated from api/ at build time: do not edit. -->

                `%s/%s`, %s-scoped%s. %s

                | field | type | default | what it is |
                |---|---|---|---|
                """
                        .formatted(
                                crd.getSpec().getNames().getKind(),
                                crd.getSpec().getGroup(),
                                version.getName(),
                                crd.getSpec().getScope().toLowerCase(java.util.Locale.ROOT),
                                shortNames(crd),
                                schema.getDescription()));
        reference.fields("spec", schema.getProperties().get("spec"));
        reference.fields("status", schema.getProperties().get("status"));
        return reference.page.toString();
    }

    private static String shortNames(CustomResourceDefinition crd) {
        var names = crd.getSpec().getNames().getShortNames();
        return names == null || names.isEmpty() ? "" : ", short name `" + names.getFirst() + "`";
    }

    private void fields(String path, @Nullable JSONSchemaProps schema) {
        if (schema == null || schema.getProperties() == null) {
            return;
        }
        schema.getProperties()
                .forEach((name, field) -> {
                    var here = path + "." + name;
                    var required =
                            schema.getRequired() != null && schema.getRequired().contains(name);
                    row(here, field, required);
                    var items = field.getItems() == null ? null : field.getItems().getSchema();
                    if (name.equals("resources") || name.equals("conditions")) {
                        return; // Kubernetes' own types
                    }
                    fields(here, field);
                    fields(here + "[]", items);
                });
    }

    private void row(String path, JSONSchemaProps field, boolean required) {
        var says = new ArrayList<String>();
        if (field.getDescription() != null) {
            says.add(field.getDescription());
        }
        if (field.getEnum() != null && !field.getEnum().isEmpty()) {
            says.add(
                    "One of "
                            + String.join(
                                    ", ",
                                    field.getEnum().stream()
                                            .map(v -> "`" + v.asText() + "`")
                                            .toList())
                            + ".");
        }
        page.append(
                "| `%s` | %s | %s | %s |\n"
                        .formatted(
                                path, type(field), value(field, required), String.join(" ", says)));
    }

    private static String type(JSONSchemaProps field) {
        return "array".equals(field.getType()) ? "list" : field.getType();
    }

    private static String value(JSONSchemaProps field, boolean required) {
        if (required) {
            return "required";
        }
        var value = field.getDefault();
        return value == null || value.isObject()
                ? ""
                : "`" + value.toString().replace("\"", "") + "`";
    }
}
