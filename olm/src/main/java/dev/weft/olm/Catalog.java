package dev.weft.olm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Base64;
import java.util.List;

/// The file-based catalog (`olm.package`, `olm.channel`, `olm.bundle`) that offers one bundle.
/// Pure.
final class Catalog {
    static final String PACKAGE = "weft-operator";
    static final String CHANNEL = "alpha";

    private Catalog() {}

    /// @param bundleObjects all manifests of the bundle, the ClusterServiceVersion among them
    /// @param bundleImage the image of the bundle
    static String yaml(
            Csv csv,
            String version,
            byte[] icon,
            List<CustomResourceDefinition> crds,
            List<HasMetadata> bundleObjects,
            String bundleImage)
            throws JsonProcessingException {
        var mapper = Serialization.jsonMapper();
        ObjectNode pack = mapper.createObjectNode();
        pack.put("schema", "olm.package").put("name", PACKAGE).put("defaultChannel", CHANNEL);
        pack.put("description", "A service mesh whose whole life is one resource");
        pack.putObject("icon")
                .put("base64data", Base64.getEncoder().encodeToString(icon))
                .put("mediatype", "image/svg+xml");

        ObjectNode channel = mapper.createObjectNode();
        channel.put("schema", "olm.channel").put("package", PACKAGE).put("name", CHANNEL);
        channel.putArray("entries").addObject().put("name", csv.name());

        ObjectNode bundle = mapper.createObjectNode();
        bundle.put("schema", "olm.bundle").put("name", csv.name()).put("package", PACKAGE);
        bundle.put("image", bundleImage);
        ArrayNode properties = bundle.putArray("properties");
        properties
                .addObject()
                .put("type", "olm.package")
                .putObject("value")
                .put("packageName", PACKAGE)
                .put("version", version);
        for (CustomResourceDefinition crd : crds) {
            properties
                    .addObject()
                    .put("type", "olm.gvk")
                    .putObject("value")
                    .put("group", crd.getSpec().getGroup())
                    .put("kind", crd.getSpec().getNames().getKind())
                    .put("version", crd.getSpec().getVersions().getFirst().getName());
        }
        for (HasMetadata object : bundleObjects) {
            String json = Serialization.asJson(object);
            properties
                    .addObject()
                    .put("type", "olm.bundle.object")
                    .putObject("value")
                    .put("data", Base64.getEncoder().encodeToString(Csv.utf8(json)));
        }
        return Serialization.asYaml(pack)
                + Serialization.asYaml(channel)
                + Serialization.asYaml(bundle);
    }
}
