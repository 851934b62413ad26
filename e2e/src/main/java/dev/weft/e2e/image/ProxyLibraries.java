package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.image.Content.Entry;
import dev.weft.e2e.image.Content.Layer;
import dev.weft.e2e.image.trim.OneJar;
import dev.weft.e2e.image.trim.Trimmer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The jars of the proxy as its image has them: all libraries in one, of Envoy's API only what the
/// proxy can reach, and of all classes only what a program sees.
final class ProxyLibraries {
    private static final String API = "/app/lib/api-[0-9.]+\\.jar";
    private static final String JAR = "libraries.jar";
    private static final String APPLICATION = "application.jar";
    private static final String NAME = "proxy-libraries";
    private static final int KEPT = 4;

    private final Cache cache;
    private final Progress progress;

    ProxyLibraries(Cache cache, Progress progress) {
        this.cache = cache;
        this.progress = progress;
    }

    /// The proxy's program with the one jar in the place of the others, and with the application's
    /// own written anew; made first if there are none yet for exactly these.
    Content in(Content program) {
        var made = cache.get(NAME, fingerprint(program), folder -> make(program, folder));
        return new Content(
                program.list().stream()
                        .map(layer ->
                                switch (layer.name()) {
                                    case Content.DEPENDENCIES ->
                                            with(layer, made.resolve(JAR), "/app/lib/" + JAR);
                                    case Content.APPLICATION ->
                                            with(
                                                    layer,
                                                    made.resolve(APPLICATION),
                                                    application(program).path());
                                    default -> layer;
                                })
                        .toList());
    }

    private static Fingerprint fingerprint(Content program) {
        return Fingerprint.of("recipe 8", program.fingerprint().hex());
    }

    private void make(Content program, Path folder) {
        progress.timed(
                "Trimming Envoy's API to what the proxy can reach",
                () -> {
                    try {
                        var api = folder.resolve("api.jar");
                        Trimmer.trim(api(program), jars(program).toList(), api);
                        OneJar.of(
                                Stream.concat(Stream.of(api), libraries(program)).toList(),
                                folder.resolve(JAR));
                        OneJar.of(
                                List.of(application(program).file()), folder.resolve(APPLICATION));
                        Files.delete(api);
                        cache.forgetOld(NAME, KEPT);
                        return folder;
                    } catch (IOException e) {
                        throw new UncheckedIOException("cannot trim the proxy's libraries", e);
                    }
                });
    }

    private static Path api(Content program) {
        return program.entries()
                .filter(ProxyLibraries::isApi)
                .findFirst()
                .map(Entry::file)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "the proxy has no " + API + " whose classes to trim"));
    }

    /// All but the API, the application's own among them.
    private static Stream<Path> jars(Content program) {
        return files(program.entries());
    }

    private static Stream<Path> libraries(Content program) {
        return files(
                program.list().stream()
                        .filter(layer -> layer.name().equals(Content.DEPENDENCIES))
                        .flatMap(layer -> layer.entries().stream()));
    }

    private static Stream<Path> files(Stream<Entry> entries) {
        return entries.filter(entry -> entry.path().endsWith(".jar") && !isApi(entry))
                .map(Entry::file);
    }

    private static boolean isApi(Entry entry) {
        return entry.path().matches(API);
    }

    private static Entry application(Content program) {
        return program.list().stream()
                .filter(layer -> layer.name().equals(Content.APPLICATION))
                .flatMap(layer -> layer.entries().stream())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the proxy has no jar of its own"));
    }

    private static Layer with(Layer layer, Path jar, String path) {
        return new Layer(layer.name(), List.of(new Entry(jar, path)));
    }
}
