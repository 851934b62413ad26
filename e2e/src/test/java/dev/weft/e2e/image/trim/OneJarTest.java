package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OneJarTest {
    private static final String PLAIN = "Manifest-Version: 1.0\n";

    @TempDir private Path folder;

    @Test
    void the_first_that_has_an_entry_counts() throws Exception {
        var one =
                one(
                        jar("a.jar", PLAIN, Map.of("x/A.txt", "a", "x/Both.txt", "first")),
                        jar("b.jar", PLAIN, Map.of("x/B.txt", "b", "x/Both.txt", "second")));

        assertThat(content(one))
                .isEqualTo(Map.of("x/A.txt", "a", "x/B.txt", "b", "x/Both.txt", "first"));
    }

    @Test
    void services_of_all_are_listed() throws Exception {
        var service = "META-INF/services/x.Service";
        var one =
                one(
                        jar("a.jar", PLAIN, Map.of(service, "x.A")),
                        jar("b.jar", PLAIN, Map.of(service, "x.B\n")));

        assertThat(content(one)).isEqualTo(Map.of(service, "x.A\nx.B\n"));
    }

    @Test
    void of_several_versions_it_has_the_one_for_this_jvm() throws Exception {
        var one =
                one(
                        jar(
                                "a.jar",
                                PLAIN + "Multi-Release: true\n",
                                Map.of(
                                        "x/A.txt", "old",
                                        "META-INF/versions/11/x/A.txt", "new",
                                        "META-INF/versions/11/module-info.class", "module",
                                        "META-INF/versions/999/x/A.txt", "not yet")));

        assertThat(content(one)).isEqualTo(Map.of("x/A.txt", "new"));
    }

    @Test
    void licences_stay_and_what_only_tools_read_goes() throws Exception {
        var one =
                one(
                        jar(
                                "a.jar",
                                PLAIN,
                                Map.of(
                                        "META-INF/LICENSE.txt", "free",
                                        "META-INF/NOTICE-trimmed.txt", "less of it",
                                        "META-INF/license/LICENSE.b.txt", "as free",
                                        "META-INF/maven/x/pom.xml", "<project/>",
                                        "META-INF/INDEX.LIST", "index",
                                        "x/a.proto", "message A {}")));

        assertThat(content(one))
                .isEqualTo(
                        Map.of(
                                "META-INF/legal/a.jar/META-INF/LICENSE.txt", "free",
                                "META-INF/legal/a.jar/META-INF/NOTICE-trimmed.txt", "less of it",
                                "META-INF/legal/a.jar/META-INF/license/LICENSE.b.txt", "as free"));
    }

    @Test
    void the_same_jars_give_the_same_bytes() throws Exception {
        var jar = jar("a.jar", PLAIN, Map.of("x/A.txt", "a"));
        var first = Files.readAllBytes(one(jar));

        assertThat(Files.readAllBytes(one(jar))).isEqualTo(first);
    }

    private Path one(Path... jars) throws IOException {
        var into = folder.resolve("one.jar");
        OneJar.of(List.of(jars), into);
        return into;
    }

    private Path jar(String name, String manifest, Map<String, String> entries) throws IOException {
        var file = folder.resolve(name);
        try (var out = new JarWriter(file)) {
            out.put(JarFile.MANIFEST_NAME, manifest.getBytes(StandardCharsets.UTF_8));
            for (var entry : new TreeMap<>(entries).entrySet()) {
                out.put(entry.getKey(), entry.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }

    /// Without what it says about itself.
    private static Map<String, String> content(Path file) throws IOException {
        var found = new TreeMap<String, String>();
        try (var jar = new JarFile(file.toFile())) {
            for (var entry : jar.stream().toList()) {
                try (var in = jar.getInputStream(entry)) {
                    found.put(
                            entry.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
        }
        assertThat(found.remove("META-INF/legal/NOTICE-one-jar.txt")).contains("local variables");
        return found;
    }
}
