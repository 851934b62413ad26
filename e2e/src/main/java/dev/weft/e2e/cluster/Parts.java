package dev.weft.e2e.cluster;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.cache.Folders;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// The binaries and images of the local Kubernetes, built from Go modules once per machine.
final class Parts {
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(15);

    private final Cache cache;
    private final Progress progress;

    Parts(Cache cache, Progress progress) {
        this.cache = cache;
        this.progress = progress;
    }

    /// A folder with every binary under the name by which the node calls it, and `images/*.tar`.
    Path bin() {
        var all = Fingerprint.builder();
        Part.ALL.forEach(part -> all.add(fingerprint(part).hex()));
        return cache.get("node", all.add("layout 1").build(), this::assemble);
    }

    /// Kubernetes's own client, without the rest.
    Path kubectl() {
        var fingerprint = Fingerprint.of(fingerprint(Part.KUBE).hex(), "kubectl");
        return cache.get(
                        "kubectl",
                        fingerprint,
                        folder ->
                                Files.createSymbolicLink(
                                        folder.resolve("kubectl"),
                                        build(Part.KUBE).resolve("kube")))
                .resolve("kubectl");
    }

    /// An image registry.
    Path registry() {
        return build(Part.REGISTRY).resolve("registry");
    }

    private void assemble(Path folder) throws IOException {
        for (var part : Part.ALL) {
            var built = build(part);
            for (var binary : part.binaries()) {
                Files.createSymbolicLink(
                        folder.resolve(binary.name()), built.resolve(binary.name()));
            }
        }
        for (var name : Part.NAMES_OF_KUBE) {
            Files.createSymbolicLink(folder.resolve(name), Path.of("kube"));
        }
        var images = Files.createDirectory(folder.resolve("images"));
        for (var name : List.of("pause", "coredns")) {
            image(name, folder.resolve(name).toRealPath(), images.resolve(name + ".tar"));
        }
    }

    private Path build(Part part) {
        return cache.get("part-" + part.name(), fingerprint(part), folder -> build(part, folder));
    }

    private void build(Part part, Path into) throws IOException {
        var sources = Files.createTempDirectory("weft-" + part.name() + "-");
        try {
            for (var file : part.files()) {
                Resources.copy("parts/" + part.name() + "/" + file, sources.resolve(file));
            }
            for (var binary : part.binaries()) {
                var command =
                        new ArrayList<>(
                                List.of("go", "build", "-v", "-trimpath", "-buildvcs=false"));
                command.addAll(part.flags());
                command.addAll(
                        List.of("-o", into.resolve(binary.name()).toString(), binary.goPackage()));
                var builder = new ProcessBuilder(command).directory(sources.toFile());
                builder.environment().put("CGO_ENABLED", "0");
                builder.environment().put("GOFLAGS", "-mod=readonly");
                builder.environment().put("GOWORK", "off");
                follow(binary.name(), builder.redirectErrorStream(true));
            }
        } finally {
            Folders.delete(sources);
        }
    }

    /// Says now and then how far a Go build is.
    private void follow(String binary, ProcessBuilder builder) throws IOException {
        var begun = Instant.now();
        progress.say("Building " + binary + " from Go modules (once per machine) …");
        var process = builder.start();
        process.getOutputStream().close();
        var last = new ArrayDeque<String>();
        int packages = 0;
        var spoken = begun;
        try (var lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                last.add(line);
                if (last.size() > 20) {
                    last.removeFirst();
                }
                packages += line.startsWith("go: ") ? 0 : 1;
                var now = Instant.now();
                if (Duration.between(spoken, now).compareTo(BETWEEN_LINES) > 0) {
                    progress.say(
                            "  %s: %d packages compiled after %d s"
                                    .formatted(
                                            binary,
                                            packages,
                                            Duration.between(begun, now).toSeconds()));
                    spoken = now;
                }
            }
            if (process.waitFor() != 0) {
                throw new IOException(
                        "go build of " + binary + " failed:\n" + String.join("\n", last));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while building " + binary, e);
        } finally {
            process.destroy();
        }
        progress.say(
                "Building "
                        + binary
                        + ": "
                        + Progress.seconds(Duration.between(begun, Instant.now())));
    }

    private void image(String name, Path binary, Path archive) throws IOException {
        var layer =
                FileEntriesLayer.builder()
                        .addEntry(
                                binary,
                                AbsoluteUnixPath.get("/" + name),
                                FilePermissions.fromOctalString("755"))
                        .build();
        try {
            Jib.fromScratch()
                    .addFileEntriesLayer(layer)
                    .setEntrypoint("/" + name)
                    .containerize(
                            Containerizer.to(
                                            TarImage.at(archive)
                                                    .named("localhost/weft/" + name + ":1"))
                                    .setBaseImageLayersCache(cache.root().resolve("jib"))
                                    .setApplicationLayersCache(cache.root().resolve("jib"))
                                    .setOfflineMode(true));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while packing " + name, e);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot pack " + name, e);
        }
    }

    private static Fingerprint fingerprint(Part part) {
        return part.fingerprint(Resources::bytes);
    }
}
