package dev.weft.api.crd;

import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshRevision;
import io.fabric8.crdv2.generator.CRDGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Generates the CRDs, and compares them with those that are checked in.
///
/// Arguments: the folder to generate into, the folder that is checked in, and `write` to replace
/// the latter.
public final class CrdWriter {
    private static final List<String> FILES =
            List.of("meshinstallations.weft.dev.yaml", "meshrevisions.weft.dev.yaml");

    private CrdWriter() {}

    public static void main(String... args) throws IOException {
        var generated = Path.of(args[0]);
        var checkedIn = Path.of(args[1]);
        var write = args.length > 2 && args[2].equals("write");

        generate(generated);
        if (write) {
            Files.createDirectories(checkedIn);
            for (var file : FILES) {
                Files.writeString(
                        checkedIn.resolve(file), Files.readString(generated.resolve(file)));
            }
            return;
        }
        var drifted = drifted(generated, checkedIn);
        if (!drifted.isEmpty()) {
            throw new IllegalStateException(
                    "src/main/kubernetes/crds/ is not what api/ says: %s. Run: ./mvnw -pl api process-classes -Dweft.crds=write"
                            .formatted(String.join(", ", drifted)));
        }
    }

    private static void generate(Path folder) throws IOException {
        Files.createDirectories(folder);
        var crds = new CrdCollector();
        new CRDGenerator()
                .customResourceClasses(MeshInstallation.class, MeshRevision.class)
                .forCRDVersions("v1")
                .withMinQuotes(true)
                .withParallelGenerationEnabled(false)
                .withPostProcessor(new CrdFinish())
                .withOutput(crds)
                .generate();
        for (var crd : crds.byName().entrySet()) {
            Files.writeString(folder.resolve(crd.getKey()), crd.getValue());
        }
    }

    private static List<String> drifted(Path generated, Path checkedIn) throws IOException {
        var drifted = new ArrayList<String>();
        for (var file : FILES) {
            var wanted = Files.readString(generated.resolve(file));
            var there = checkedIn.resolve(file);
            if (!Files.exists(there) || !Files.readString(there).equals(wanted)) {
                drifted.add(file);
            }
        }
        return drifted;
    }
}
