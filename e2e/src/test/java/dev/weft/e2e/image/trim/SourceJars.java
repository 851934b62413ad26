package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/// Jars out of sources that are compiled here, against what the tests have on their class path.
final class SourceJars {
    private SourceJars() {}

    /// @param sources by class name, with slashes
    /// @return the folder of class files
    static Path compile(Path work, Map<String, String> sources) throws IOException {
        var files = new ArrayList<String>();
        for (var source : sources.entrySet()) {
            var file = work.resolve("src").resolve(source.getKey() + ".java");
            Files.createDirectories(file.getParent());
            files.add(Files.writeString(file, source.getValue()).toString());
        }
        var classes = Files.createDirectory(work.resolve("classes"));
        var arguments = new ArrayList<>(List.of("-proc:none", "-d", classes.toString()));
        arguments.addAll(files);
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, arguments.toArray(String[]::new));
        assertThat(status).isZero();
        return classes;
    }

    /// @param packages folders below the classes; those that are not there are left out
    static Path jar(Path jar, Path classes, String... packages) throws IOException {
        try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (var name : packages) {
                if (!Files.exists(classes.resolve(name))) {
                    continue;
                }
                try (Stream<Path> files = Files.walk(classes.resolve(name))) {
                    for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                        out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                        Files.copy(file, out);
                        out.closeEntry();
                    }
                }
            }
        }
        return jar;
    }
}
