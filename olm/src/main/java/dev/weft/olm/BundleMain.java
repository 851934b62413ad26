package dev.weft.olm;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/// Entry point of the build: `check ROOT VERSION` fails when `bundle/` or `olm/catalog/` differ
/// from what the manifests give, `write ROOT VERSION` writes them.
public final class BundleMain {
    private static final String BUNDLE_IMAGE = "weft-operator-bundle";

    private BundleMain() {}

    /// @param args mode (`check` or `write`), the project's root folder, the version
    /// @throws IOException when the manifests cannot be read or the result cannot be written
    public static void main(String[] args) throws IOException {
        if (args.length != 3 || !List.of("check", "write").contains(args[0])) {
            throw new IllegalArgumentException("usage: check|write ROOT VERSION");
        }
        Path root = Path.of(args[1]).normalize();
        Tree tree = tree(Manifests.read(root.resolve("src/main/kubernetes")), args[2]);
        if (args[0].equals("write")) {
            tree.write(root);
            return;
        }
        List<String> differences = tree.differences(root);
        if (!differences.isEmpty()) {
            throw new IllegalStateException(
                    "The OLM bundle differs from the manifests in src/main/kubernetes:\n  "
                            + String.join("\n  ", differences)
                            + "\nWrite it anew: ./mvnw -pl olm -am package -DskipTests -Dweft.olm.mode=write");
        }
    }

    static Tree tree(Manifests manifests, String version) throws IOException {
        byte[] icon = icon();
        var csv = new Csv(manifests, version, icon);
        var files = new TreeMap<String, String>();
        var objects = new ArrayList<HasMetadata>();
        objects.add(csv.build());
        objects.addAll(manifests.crds());
        objects.addAll(manifests.unboundClusterRoles());
        for (HasMetadata object : objects) {
            files.put("bundle/manifests/" + fileName(object), yaml(object));
        }
        files.put("bundle/metadata/annotations.yaml", Csv.annotations());
        files.put(
                "olm/catalog/weft-operator/catalog.yaml",
                catalog(csv, version, icon, manifests, objects));
        return new Tree(List.of("bundle", "olm/catalog"), files);
    }

    private static String catalog(
            Csv csv, String version, byte[] icon, Manifests manifests, List<HasMetadata> objects)
            throws JsonProcessingException {
        return Catalog.yaml(
                csv, version, icon, manifests.crds(), objects, BUNDLE_IMAGE + ":" + version);
    }

    private static String fileName(HasMetadata object) {
        return object.getMetadata().getName()
                + "."
                + object.getKind().toLowerCase(Locale.ROOT)
                + ".yaml";
    }

    private static String yaml(HasMetadata object) {
        return Serialization.asYaml(object);
    }

    private static byte[] icon() throws IOException {
        try (InputStream in = BundleMain.class.getResourceAsStream("/icon.svg")) {
            if (in == null) {
                throw new IOException("icon.svg is not on the class path");
            }
            return in.readAllBytes();
        }
    }
}
