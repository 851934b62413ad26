package dev.weft.api.crd;

import io.fabric8.crdv2.generator.CRDGenerator.CRDOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/// Takes what the generator writes, without its version suffix and its header.
final class CrdCollector implements CRDOutput<ByteArrayOutputStream> {
    private static final String HEADER =
            "# Generated from api/ at build time: do not edit. ./mvnw -pl api process-classes -Dweft.crds=write\n";

    private final Map<String, ByteArrayOutputStream> outputs = new TreeMap<>();

    @Override
    public ByteArrayOutputStream outputFor(String crdName) {
        return outputs.computeIfAbsent(crdName, name -> new ByteArrayOutputStream());
    }

    @Override
    public URI crdURI(String crdName) {
        return URI.create("file:///" + crdName); // only told, never opened
    }

    /// File name to content.
    Map<String, String> byName() {
        var files = new TreeMap<String, String>();
        outputs.forEach((name, bytes) ->
                files.put(
                        name.replaceFirst("-v1$", "") + ".yaml",
                        HEADER + withoutComments(bytes.toString(StandardCharsets.UTF_8))));
        return files;
    }

    private static String withoutComments(String yaml) {
        return yaml.lines()
                .filter(line -> !line.startsWith("#"))
                .collect(java.util.stream.Collectors.joining("\n", "", "\n"));
    }

    @Override
    public void close() throws IOException {
        for (var output : outputs.values()) {
            output.close();
        }
    }
}
