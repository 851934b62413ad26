package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.image.Content.Entry;
import dev.weft.e2e.image.Content.Layer;
import dev.weft.e2e.image.trim.Trimmer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/// Envoy's API as the proxy's image has it: only what the proxy can reach.
final class TrimmedApi {
    private static final String API = "/app/lib/api-[0-9.]+\\.jar";
    private static final String NAME = "trimmed-api";
    private static final int KEPT = 4;

    private final Cache cache;
    private final Progress progress;

    TrimmedApi(Cache cache, Progress progress) {
        this.cache = cache;
        this.progress = progress;
    }

    /// The proxy's program with the trimmed jar in its place, made first if there is none yet for
    /// exactly these jars.
    Content in(Content program) {
        var api = entries(program).stream().filter(TrimmedApi::isApi).findFirst();
        return api.map(
                        entry -> {
                            var jar =
                                    cache.get(
                                                    NAME,
                                                    fingerprint(program),
                                                    folder -> trim(entry, program, folder))
                                            .resolve("api.jar");
                            return replaced(program, new Entry(jar, entry.path()));
                        })
                .orElseThrow(() ->
                        new IllegalStateException(
                                "the proxy has no " + API + " whose classes to trim"));
    }

    private static Fingerprint fingerprint(Content program) {
        return Fingerprint.of("recipe 2", program.fingerprint().hex());
    }

    private void trim(Entry api, Content program, Path folder) {
        progress.timed(
                "Trimming Envoy's API to what the proxy can reach",
                () -> {
                    try {
                        Trimmer.trim(api.file(), rest(program), folder.resolve("api.jar"));
                        cache.forgetOld(NAME, KEPT);
                        return folder;
                    } catch (IOException e) {
                        throw new UncheckedIOException("cannot trim " + api.file(), e);
                    }
                });
    }

    private static List<Path> rest(Content program) {
        return entries(program).stream()
                .filter(entry -> entry.path().endsWith(".jar") && !isApi(entry))
                .map(Entry::file)
                .toList();
    }

    private static List<Entry> entries(Content program) {
        return program.list().stream().flatMap(layer -> layer.entries().stream()).toList();
    }

    private static boolean isApi(Entry entry) {
        return entry.path().matches(API);
    }

    private static Content replaced(Content program, Entry by) {
        return new Content(
                program.list().stream()
                        .map(layer ->
                                new Layer(
                                        layer.name(),
                                        layer.entries().stream()
                                                .map(entry ->
                                                        entry.path().equals(by.path()) ? by : entry)
                                                .toList()))
                        .toList());
    }
}
