package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.Images;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The classes of the proxy's image, which other tests do not run: they have all the class path's.
class PackedJarsIT {
    private static List<Path> built = List.of();
    private static List<Path> packed = List.of();

    @BeforeAll
    static void find() throws IOException {
        var top = Images.top();
        var images = new Images(top, Cache.ofUser(), Progress.toStandardError());
        packed = jars(images.unpackedProxy().resolve("app/lib"));
        var all = new ArrayList<>(jars(top.resolve("proxy-runtime/target/lib")));
        all.addAll(jars(top.resolve("proxy-runtime/target")));
        built = List.copyOf(all);
    }

    @Test
    void every_class_passes_the_verifier() throws IOException {
        var wrong = new TreeSet<String>();
        try (var before = new ClassPath(built);
                var after = new ClassPath(packed);
                var loader = loader(packed)) {
            assertThat(after.names()).hasSizeGreaterThan(5_000);
            for (var name : after.names()) {
                try {
                    // A class is linked before it can be asked for these.
                    var _ =
                            Class.forName(name.replace('/', '.'), false, loader)
                                    .getDeclaredConstructors();
                } catch (NoClassDefFoundError e) {
                    if (before.has(String.valueOf(e.getMessage()))) {
                        wrong.add(name + ": " + e);
                    }
                } catch (ClassNotFoundException | LinkageError e) {
                    wrong.add(name + ": " + e);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void nothing_is_gone_that_code_refers_to() throws IOException {
        assertThat(gaps(packed)).isSubsetOf(gaps(built));
    }

    private static Set<String> gaps(List<Path> jars) throws IOException {
        try (var classes = new ClassPath(jars)) {
            return Gaps.of(classes);
        }
    }

    /// Only the JDK's classes are to be found besides.
    private static URLClassLoader loader(List<Path> jars) throws MalformedURLException {
        var urls = new ArrayList<URL>();
        for (var jar : jars) {
            urls.add(jar.toUri().toURL());
        }
        return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
    }
}
