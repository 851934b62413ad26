package dev.weft.controlplane.inject;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.fabric8.zjsonpatch.JsonPatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each folder holds a pod as it is sent, and as it must be once somebody else's JSON patch code
/// has applied the patch. `-Dweft.golden.write=true` writes the second; look at the difference
/// before you commit it.
class InjectionGoldenTest {
    private static final Path FOLDERS = Path.of("src/test/resources/injection");
    private static final ObjectMapper YAML =
            new ObjectMapper(
                    new YAMLFactory()
                            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                            .disable(YAMLGenerator.Feature.SPLIT_LINES)
                            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));
    private static final ObjectMapper JSON = new ObjectMapper();

    static Stream<Path> folders() throws IOException {
        try (var found = Files.list(FOLDERS)) {
            return found.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void the_patch_makes_the_pod_what_the_contract_says(Path folder) throws IOException {
        var before = pod(folder.resolve("pod-in.yaml"));

        var after = patched(before);

        if (Boolean.getBoolean("weft.golden.write")) {
            Files.writeString(folder.resolve("pod-out.yaml"), YAML.writeValueAsString(after));
        }
        assertThat(after).isEqualTo(pod(folder.resolve("pod-out.yaml")));
    }

    @ParameterizedTest
    @MethodSource("folders")
    void a_second_pass_changes_nothing(Path folder) throws IOException {
        var once = patched(pod(folder.resolve("pod-in.yaml")));

        assertThat(patched(once)).isEqualTo(once);
    }

    @ParameterizedTest
    @MethodSource("folders")
    void the_pod_that_is_handed_in_is_left_alone(Path folder) throws IOException {
        var before = pod(folder.resolve("pod-in.yaml"));
        var copy = before.deepCopy();

        var unused = patched(before);

        assertThat(unused).isNotEqualTo(before);
        assertThat(before).isEqualTo(copy);
    }

    private static ObjectNode patched(ObjectNode pod) throws IOException {
        var decision =
                new Injection("0-2-0", Injections.settings())
                        .decide(pod, "shop", JSON.readTree("{\"weft.dev/inject\":\"enabled\"}"));
        assertThat(decision).isInstanceOf(Decision.Inject.class);
        var patch = JSON.readTree(((Decision.Inject) decision).patch().toString());
        JsonNode applied = JsonPatch.apply(patch, pod.deepCopy());
        return (ObjectNode) JSON.readTree(applied.toString());
    }

    private static ObjectNode pod(Path file) throws IOException {
        return (ObjectNode) JSON.readTree(YAML.readTree(file.toFile()).toString());
    }
}
