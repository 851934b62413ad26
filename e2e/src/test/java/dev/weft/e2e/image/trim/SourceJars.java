package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/// A library, `lib`, and a program, `app.Program`, out of sources that are compiled here, against
/// what the tests have on their class path. What is trimmed is loaded and run.
final class SourceJars {
    private static final String PROGRAM = "program.jar";

    private SourceJars() {}

    /// The library as the program needs it. Sources in `com` are the program's as well.
    ///
    /// @param sources by class name, with slashes
    static Path trimmed(Path work, Map<String, String> sources) throws IOException {
        var classes = compile(work, sources);
        var library = jar(work.resolve("library.jar"), classes, "lib");
        var program = jar(work.resolve(PROGRAM), classes, "app", "com");
        var trimmed = work.resolve("trimmed.jar");
        Trimmer.trim(library, List.of(program), trimmed);
        return trimmed;
    }

    /// What the program gives with it.
    static Object result(Path trimmed, ClassLoader parent) throws Exception {
        try (var loader = loader(trimmed, parent)) {
            var program = loader.loadClass("app.Program").getConstructor().newInstance();
            return ((Callable<?>) program).call();
        }
    }

    static URLClassLoader loader(Path trimmed, ClassLoader parent) throws IOException {
        return new URLClassLoader(
                new URL[] {
                    trimmed.toUri().toURL(), trimmed.resolveSibling(PROGRAM).toUri().toURL()
                },
                parent);
    }

    /// @return the folder of the classes
    static Path compile(Path work, Map<String, String> sources, String... options)
            throws IOException {
        var files = new ArrayList<String>();
        for (var source : sources.entrySet()) {
            var file = work.resolve("src").resolve(source.getKey() + ".java");
            Files.createDirectories(file.getParent());
            files.add(Files.writeString(file, source.getValue()).toString());
        }
        var classes = Files.createDirectory(work.resolve("classes"));
        var arguments = new ArrayList<>(List.of("-proc:none", "-d", classes.toString()));
        arguments.addAll(List.of(options));
        arguments.addAll(files);
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, arguments.toArray(String[]::new));
        assertThat(status).isZero();
        return classes;
    }

    /// @param packages folders below the classes; those that are not there are left out
    private static Path jar(Path jar, Path classes, String... packages) throws IOException {
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
