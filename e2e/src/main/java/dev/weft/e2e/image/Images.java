package dev.weft.e2e.image;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.cache.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;

/// Packs what Maven has built into images, as archives under `e2e/target/images`. An image whose
/// content has not changed is left as it is.
public final class Images {
    private final Path top;
    private final Cache cache;
    private final Progress progress;
    private final Base base;
    private final ProxyLibraries proxyLibraries;
    private final AotCaches aotCaches;

    /// @param top the checkout
    public Images(Path top, Cache cache, Progress progress) {
        this.top = top;
        this.cache = cache;
        this.progress = progress;
        this.base = new Base(cache, progress);
        this.proxyLibraries = new ProxyLibraries(cache, progress);
        this.aotCaches = new AotCaches(top, cache, base, progress);
    }

    /// The checkout in which this code was built: `-Dweft.top`, else the folder above the working
    /// directory that has it.
    public static Path top() {
        var named = System.getProperty("weft.top");
        if (named != null) {
            return Path.of(named);
        }
        for (var folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve("proxy-runtime"))
                    && Files.isDirectory(folder.resolve("e2e"))) {
                return folder;
            }
        }
        throw new IllegalStateException(
                "this is no checkout of Weft: run it inside of one, or set -Dweft.top");
    }

    /// Every image: both builds of the mesh, and the workload of tests and demo; two at a time.
    public List<BuiltImage> all() {
        try (var threads = Executors.newFixedThreadPool(2)) {
            var images = new ArrayList<CompletableFuture<BuiltImage>>();
            for (var build : MeshBuild.ALL) {
                for (var component : Component.MESH) {
                    images.add(
                            CompletableFuture.supplyAsync(() -> image(component, build), threads));
                }
            }
            images.add(CompletableFuture.supplyAsync(this::testapp, threads));
            return images.stream().map(Images::made).toList();
        }
    }

    private static BuiltImage made(CompletableFuture<BuiltImage> image) {
        try {
            return image.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException why ? why : e;
        }
    }

    /// The workload of tests and demo.
    public BuiltImage testapp() {
        return image(Component.TESTAPP, MeshBuild.NEW);
    }

    /// The proxy's image as a folder, for runs without containers: with the JVM, the flags and the
    /// AOT cache that its containers have. Made anew only when the image's content has changed.
    public Path unpackedProxy() {
        try {
            var program = program(Component.PROXY);
            var content =
                    program.built(
                            Component.PROXY,
                            MeshBuild.NEW,
                            aotCaches.of(Component.PROXY, program),
                            top);
            var fingerprint =
                    Fingerprint.builder()
                            .add(base.fingerprint().hex())
                            .add(content.fingerprint().hex())
                            .build();
            var unpacked = new Cache(top.resolve("e2e/target/images"));
            if (!unpacked.has("unpacked-proxy", fingerprint)) {
                forgetUnpacked(unpacked.root());
            }
            return unpacked.get(
                            "unpacked-proxy",
                            fingerprint,
                            folder -> Rootfs.unpack(folder, base, content))
                    .resolve(Rootfs.NAME);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack the proxy's image", e);
        }
    }

    private static void forgetUnpacked(Path images) throws IOException {
        if (Files.isDirectory(images)) {
            try (var old = Files.newDirectoryStream(images, "unpacked-proxy-*")) {
                for (var folder : old) {
                    Folders.delete(folder);
                }
            }
        }
    }

    private Content program(Component component) throws IOException {
        var program = Content.program(component, top);
        return component.equals(Component.PROXY) ? proxyLibraries.in(program) : program;
    }

    private BuiltImage image(Component component, MeshBuild build) {
        try {
            var program = program(component);
            var aotCache = aotCaches.of(component, program);
            var fingerprint =
                    Fingerprint.builder()
                            .add("layout 3")
                            .add(component.toString())
                            .add(base.fingerprint().hex())
                            .add(program.fingerprint().hex())
                            .add(aotCache.map(Path::toString).orElse("no AOT cache"))
                            .add(build.properties())
                            .build();
            var folder = Files.createDirectories(top.resolve("e2e/target/images"));
            var image =
                    new BuiltImage(
                            component.image(),
                            build.version(),
                            folder.resolve(component.image() + "-" + build.version() + ".tar"));
            var stamp = folder.resolve(component.image() + "-" + build.version() + ".fingerprint");
            if (!Files.exists(image.archive())
                    || !Files.exists(stamp)
                    || !Files.readString(stamp).equals(fingerprint.hex())) {
                Files.deleteIfExists(stamp);
                var content = program.built(component, build, aotCache, top);
                progress.timed(
                        "Packing " + image.localReference(),
                        () -> pack(component, content.layers(), image));
                Files.writeString(stamp, fingerprint.hex());
            }
            return image;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make the image " + component.image(), e);
        }
    }

    private String pack(Component component, List<FileEntriesLayer> layers, BuiltImage image) {
        var part = image.archive().resolveSibling(image.archive().getFileName() + ".part");
        try {
            Files.deleteIfExists(part);
            var plan =
                    Jib.from(TarImage.at(base.archive()))
                            .setCreationTime(Instant.EPOCH)
                            .setUser(component.user())
                            .setEntrypoint(component.entrypoint());
            layers.forEach(plan::addFileEntriesLayer);
            var container =
                    plan.containerize(
                            Containerizer.to(TarImage.at(part).named(image.localReference()))
                                    .setBaseImageLayersCache(cache.root().resolve("jib"))
                                    .setApplicationLayersCache(cache.root().resolve("jib"))
                                    .setOfflineMode(true));
            Files.move(part, image.archive(), StandardCopyOption.REPLACE_EXISTING);
            return container.getImageId().toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while packing " + image.name(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot pack " + image.name(), e);
        } catch (Exception e) {
            throw new IllegalStateException("cannot pack " + image.name(), e);
        }
    }
}
