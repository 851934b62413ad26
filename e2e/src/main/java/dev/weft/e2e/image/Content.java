package dev.weft.e2e.image;

import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.machine.UnusableException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What an image has above its base, by layers that change ever more often.
///
/// @param list the layers in order
record Content(List<Layer> list) {
    /// The layer of the libraries.
    static final String DEPENDENCIES = "dependencies";

    /// The layer of what the module itself has built.
    static final String APPLICATION = "application";

    private static final String NATIVE = "/opt/weft/native";

    /// Where the proxy's are; its `jvm.options` say so as well.
    static final String NATIVE_LIBRARIES = NATIVE + "/META-INF/native";

    private static final String NATIVE_JAR = "-linux-x86_64.jar";

    /// Files that change together.
    record Layer(String name, List<Entry> entries) {}

    /// A file of this machine and where it is in the image.
    record Entry(Path file, String path) {
        boolean executable() {
            return path.contains("/bin/");
        }
    }

    /// The program: all that builds of the mesh have in common.
    static Content program(Component component, Path top) throws IOException {
        var module = top.resolve(component.module());
        var layers = new ArrayList<Layer>();
        if (component.equals(Component.TESTAPP)) {
            layers.addAll(testapp(module));
        } else if (component.equals(Component.PROXY)) {
            layers.addAll(proxy(module));
        } else {
            layers.addAll(quarkus(module));
        }
        layers.add(files(module.resolve("src/main/image")));
        layers.removeIf(layer -> layer.entries().isEmpty());
        return new Content(layers);
    }

    /// The program with how its JVM is launched, and with what makes it one build.
    Content built(Component component, MeshBuild build, Optional<Path> aotCache, Path top)
            throws IOException {
        var folder =
                Files.createDirectories(top.resolve(component.module()).resolve("target/image"));
        var options = folder.resolve("launch.options");
        Files.writeString(options, component.launchOptions(this, aotCache.isPresent()));
        var launch = new ArrayList<>(List.of(new Entry(options, Component.LAUNCH_OPTIONS)));
        aotCache.ifPresent(file -> launch.add(new Entry(file, AotCaches.PATH)));

        var layers = new ArrayList<>(list);
        layers.add(new Layer("launch", launch));
        if (!component.equals(Component.TESTAPP)) {
            layers.add(build(folder, build));
        }
        return new Content(layers);
    }

    /// What is in `/app/lib`, in alphabetical order.
    List<String> jars() {
        return entries()
                .map(Entry::path)
                .filter(path -> path.startsWith("/app/lib/"))
                .sorted()
                .toList();
    }

    Stream<Entry> entries() {
        return list.stream().flatMap(layer -> layer.entries().stream());
    }

    /// Native libraries are files of their own, and not in their jars.
    private static List<Layer> proxy(Path module) throws IOException {
        var jars = below(built(module.resolve("target/lib")), "/app/lib");
        return List.of(
                new Layer(
                        DEPENDENCIES,
                        jars.stream().filter(jar -> !jar.path().endsWith(NATIVE_JAR)).toList()),
                new Layer("native", below(built(module.resolve("target/native")), NATIVE)),
                new Layer("roots", List.of(noRoots(module))),
                new Layer(APPLICATION, List.of(jar(module, "weft-proxy-runtime"))));
    }

    /// A store without a certificate in the place of the JDK's. The proxy trusts the mesh's roots
    /// and no public ones; the JDK would read all of those at every start, and more than once.
    private static Entry noRoots(Path module) throws IOException {
        var folder = Files.createDirectories(module.resolve("target/image"));
        var file = folder.resolve("cacerts");
        try (var out = Files.newOutputStream(file)) {
            var store = KeyStore.getInstance("JKS");
            store.load(null, null);
            store.store(out, "changeit".toCharArray());
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot make an empty key store", e);
        }
        return new Entry(file, "/opt/java/lib/security/cacerts");
    }

    private static List<Layer> quarkus(Path module) throws IOException {
        var all = below(built(module.resolve("target/quarkus-app")), "/app");
        return List.of(
                new Layer(
                        DEPENDENCIES,
                        all.stream().filter(e -> e.path().startsWith("/app/lib/")).toList()),
                new Layer(
                        APPLICATION,
                        all.stream().filter(e -> !e.path().startsWith("/app/lib/")).toList()));
    }

    private static List<Layer> testapp(Path module) throws IOException {
        var classPath = Files.readString(built(module.resolve("target/weft.classpath"))).strip();
        var jars =
                Stream.of(classPath.split(File.pathSeparator))
                        .map(Path::of)
                        .map(file -> new Entry(file, "/app/lib/" + file.getFileName()))
                        .toList();
        return List.of(
                new Layer(DEPENDENCIES, jars),
                new Layer(APPLICATION, List.of(jar(module, "weft-e2e"))));
    }

    private static Entry jar(Path module, String artifact) throws IOException {
        try (Stream<Path> files = Files.list(built(module.resolve("target")))) {
            var jar =
                    files.filter(file ->
                                    file.getFileName()
                                            .toString()
                                            .matches(artifact + "-[0-9.]+\\.jar"))
                            .findFirst()
                            .orElseThrow(
                                    () -> unbuilt(module.resolve("target/" + artifact + ".jar")));
            return new Entry(jar, "/app/lib/" + jar.getFileName());
        }
    }

    /// `src/main/image/**` goes to `/` as it is, its `jvm.options` to where the entry point reads
    /// it.
    private static Layer files(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return new Layer("files", List.of());
        }
        return new Layer(
                "files",
                below(folder, "").stream()
                        .map(entry ->
                                entry.path().equals("/jvm.options")
                                        ? new Entry(entry.file(), "/opt/weft/jvm.options")
                                        : entry)
                        .toList());
    }

    private static Layer build(Path folder, MeshBuild build) throws IOException {
        var file = folder.resolve("weft-build-" + build.version() + ".properties");
        Files.writeString(file, build.properties());
        return new Layer("build", List.of(new Entry(file, "/app/build/weft-build.properties")));
    }

    private static List<Entry> below(Path folder, String into) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .sorted()
                    .map(file -> new Entry(file, into + "/" + folder.relativize(file)))
                    .toList();
        }
    }

    private static Path built(Path path) {
        if (!Files.exists(path)) {
            throw unbuilt(path);
        }
        return path;
    }

    private static UnusableException unbuilt(Path path) {
        return new UnusableException(
                path + " is missing: build all modules first, with ./mvnw -DskipTests package.");
    }

    List<FileEntriesLayer> layers() {
        return list.stream().map(Content::jib).toList();
    }

    private static FileEntriesLayer jib(Layer layer) {
        var builder = FileEntriesLayer.builder().setName(layer.name());
        for (var entry : layer.entries()) {
            builder.addEntry(
                    entry.file(),
                    AbsoluteUnixPath.get(entry.path()),
                    FilePermissions.fromOctalString(entry.executable() ? "755" : "644"));
        }
        return builder.build();
    }

    Fingerprint fingerprint() {
        var builder = Fingerprint.builder();
        for (var layer : list) {
            for (var entry : layer.entries()) {
                builder.add(entry.path()).addFiles(entry.file());
            }
        }
        return builder.build();
    }
}
