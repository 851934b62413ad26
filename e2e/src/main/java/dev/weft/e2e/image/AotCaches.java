package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// AOT caches (JEP 483) of the images' programs: classes as they are after loading and linking, and
/// the profiles of methods (JEP 515), recorded in a training run inside of the image's own file
/// system. A JVM takes such a cache only with the class path, the flags and the build of the JVM
/// that it was recorded with; with others it warns and starts without.
final class AotCaches {
    /// Where an image has its cache.
    static final String PATH = "/opt/weft/app.aot";

    private static final String RECORDED = "/recorded";
    private static final String TRAINER = "/training";
    private static final String TRAINER_LIBRARIES = "/training-lib";
    private static final long MOST_SECONDS = 120;

    /// A cache is only read when an image is packed: a few are enough, for checkouts side by side.
    private static final int KEPT = 4;

    private final Path top;
    private final Cache cache;
    private final Base base;
    private final Progress progress;

    AotCaches(Path top, Cache cache, Base base, Progress progress) {
        this.top = top;
        this.cache = cache;
        this.base = base;
        this.progress = progress;
    }

    /// The cache for an image with this content, recorded first if there is none yet; nothing where
    /// it cannot be recorded, which is said: an image does without.
    Optional<Path> of(Component component, Content content) {
        if (component.equals(Component.TESTAPP) || System.getenv("WEFT_SKIP_AOT") != null) {
            return Optional.empty();
        }
        var name = "aot-" + component.image();
        try {
            var entry =
                    cache.get(
                            name,
                            fingerprint(component, content),
                            folder -> record(component, content, folder));
            return Optional.of(entry.resolve("app.aot"));
        } catch (RuntimeException e) {
            progress.say(
                    component.image()
                            + " will start slowly, its AOT cache cannot be recorded: "
                            + (e.getCause() == null ? e.getMessage() : e.getCause().getMessage()));
            return Optional.empty();
        }
    }

    private Fingerprint fingerprint(Component component, Content content) {
        return Fingerprint.builder()
                .add("recipe 3")
                .add(component.toString())
                .add(base.fingerprint().hex())
                .add(content.fingerprint().hex())
                .build();
    }

    private void record(Component component, Content content, Path folder) throws IOException {
        progress.timed(
                "Recording the AOT cache of " + component.image(),
                () -> {
                    try (var rootfs = Rootfs.unpack(folder, base, content)) {
                        train(rootfs, component, content, folder);
                        cache.forgetOld("aot-" + component.image(), KEPT);
                        return folder;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    private void train(Rootfs rootfs, Component component, Content content, Path folder)
            throws IOException {
        var training = Training.of(component, top);
        rootfs.copy(training.classes(), TRAINER);
        training.libraries().ifPresent(jars -> rootfs.copy(jars, TRAINER_LIBRARIES));
        Files.createDirectory(rootfs.inside(RECORDED));
        var libraries = "-Djava.library.path=" + Content.NATIVE_LIBRARIES;
        var command =
                new ArrayList<>(
                        List.of(Component.JAVA, "-XX:TieredStopAtLevel=1", libraries, "-cp"));
        command.add(TRAINER + ":" + TRAINER_LIBRARIES + "/*:/app/lib/*");
        command.add(training.main());
        command.addAll(component.recording(content, RECORDED + "/app.aot"));
        var log = folder.resolve("log");
        run(rootfs.program(command).redirectErrorStream(true).redirectOutput(log.toFile()), log);
        Files.move(rootfs.inside(RECORDED + "/app.aot"), folder.resolve("app.aot"));
    }

    private static void run(ProcessBuilder program, Path log) throws IOException {
        var process = program.start();
        try {
            if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the training does not end: " + tail(log));
            }
            if (process.exitValue() != 0) {
                throw new IOException("the training has failed: " + tail(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String tail(Path log) throws IOException {
        var lines = Files.readString(log).lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
    }
}
