package dev.weft.controlplane.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Each folder of `src/test/resources/compile` is a case: the objects of `in.yaml` compile to what
/// the `out-*.yaml` files say. With `-Dweft.golden=write` the files that a case has are written
/// anew; a new case gets all of them, and what it is not about can be deleted.
class GoldenCompilerTest {
    private static final Path CASES = Path.of("src/test/resources/compile");
    private static final boolean WRITE = "write".equals(System.getProperty("weft.golden"));

    @TestFactory
    Stream<DynamicTest> compiles() throws IOException {
        return Files.list(CASES)
                .sorted()
                .map(folder ->
                        DynamicTest.dynamicTest(
                                folder.getFileName().toString(), () -> check(folder)));
    }

    private static void check(Path folder) throws IOException {
        Map<String, String> compiled =
                Rendered.of(
                        ClusterFile.read(folder.resolve("in.yaml")),
                        folder.getFileName().toString().equals("base"));
        if (WRITE) {
            write(folder, compiled);
        }

        Map<String, String> expected = expected(folder);
        assertThat(expected).isNotEmpty();
        expected.forEach(
                (file, content) -> assertThat(compiled.get(file)).as(file).isEqualTo(content));
    }

    private static void write(Path folder, Map<String, String> compiled) throws IOException {
        boolean isNew = expected(folder).isEmpty();
        for (var file : compiled.entrySet()) {
            if (isNew || Files.exists(folder.resolve(file.getKey()))) {
                Files.writeString(folder.resolve(file.getKey()), file.getValue());
            }
        }
    }

    private static Map<String, String> expected(Path folder) throws IOException {
        Map<String, String> files = new java.util.TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.toList()) {
                if (file.getFileName().toString().startsWith("out-")) {
                    files.put(file.getFileName().toString(), Files.readString(file));
                }
            }
        }
        return files;
    }
}
