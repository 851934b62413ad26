package dev.weft.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.weft.e2e.image.Images;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManifestsTest {
    /// What Kubernetes allows all annotations of an object together. `kubectl apply` without
    /// `--server-side` writes the whole object into one.
    private static final int ANNOTATIONS_LIMIT = 262_144;

    @Test
    void no_manifest_is_too_large_to_be_applied_from_the_client_side() throws Exception {
        var objects = new ArrayList<JsonNode>();
        for (var file : manifests()) {
            try (var documents =
                    new YAMLMapper()
                            .readerFor(JsonNode.class)
                            .<JsonNode>readValues(file.toFile())) {
                documents.forEachRemaining(objects::add);
            }
        }

        assertThat(objects).anyMatch(o -> o.path("kind").asText().startsWith("CustomResource"));
        assertThat(objects)
                .allSatisfy(object ->
                        assertThat(object.toString().getBytes(StandardCharsets.UTF_8))
                                .hasSizeLessThan(ANNOTATIONS_LIMIT));
    }

    private static List<Path> manifests() throws Exception {
        try (var files = Files.walk(Images.top().resolve("src/main/kubernetes"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).toList();
        }
    }
}
