package dev.weft.api.crd;

import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshRevision;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Generates the CRDs and their reference, and compares them with those that are checked in.
///
/// Arguments: the folder to generate into, the top of the checkout, and `write` to replace what is
/// checked in.
public final class CrdWriter {
    private static final Path CRDS = Path.of("src/main/kubernetes/crds");
    private static final Path REFERENCE = Path.of("docs/reference");

    private CrdWriter() {}

    public static void main(String... args) throws IOException {
        var generated = generated();
        write(generated, Path.of(args[0]));
        var top = Path.of(args[1]);
        if (args.length > 2 && args[2].equals("write")) {
            write(generated, top);
            return;
        }
        var drifted = drifted(generated, top);
        if (!drifted.isEmpty()) {
            throw new IllegalStateException(
                    "%s: not what api/ says. Run: ./mvnw -pl api process-classes -Dweft.crds=write"
                            .formatted(String.join(", ", drifted)));
        }
    }

    /// Path from the top of the checkout to content.
    private static Map<Path, String> generated() {
        var crds = new CrdCollector();
        new CRDGenerator()
                .customResourceClasses(MeshInstallation.class, MeshRevision.class)
                .forCRDVersions("v1")
                .withMinQuotes(true)
                .withParallelGenerationEnabled(false)
                .withPostProcessor(new CrdFinish())
                .withOutput(crds)
                .generate();
        var files = new TreeMap<Path, String>();
        crds.byName()
                .forEach((name, yaml) -> {
                    files.put(CRDS.resolve(name), yaml);
                    var crd = Serialization.unmarshal(yaml, CustomResourceDefinition.class);
                    var kind = crd.getSpec().getNames().getSingular();
                    files.put(REFERENCE.resolve(kind + ".md"), Reference.of(crd));
                });
        return files;
    }

    private static void write(Map<Path, String> files, Path top) throws IOException {
        for (var file : files.entrySet()) {
            var path = top.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
    }

    private static List<String> drifted(Map<Path, String> files, Path top) throws IOException {
        var drifted = new ArrayList<String>();
        for (var file : files.entrySet()) {
            var there = top.resolve(file.getKey());
            if (!Files.exists(there) || !Files.readString(there).equals(file.getValue())) {
                drifted.add(file.getKey().toString());
            }
        }
        return drifted;
    }
}
