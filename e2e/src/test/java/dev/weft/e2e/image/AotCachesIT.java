package dev.weft.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Whether an image's JVM takes the AOT cache that is in the image, with the image's own options
/// and files: `AOTMode=on` ends the JVM where `auto` would only go on without.
class AotCachesIT {
    private static final List<Component> MESH = Component.MESH;
    static final List<Component> SERVERS =
            MESH.stream().filter(component -> component != Component.PROXY).toList();

    @TempDir private Path folder;

    @ParameterizedTest
    @FieldSource("MESH")
    void an_image_of_either_build_uses_its_cache(Component component) throws IOException {
        for (var build : MeshBuild.ALL) {
            try (var image = unpack(component, build)) {
                assertThat(start(image, component))
                        .as(component.image() + " " + build.version())
                        .returns(0, Output::exitCode);
            }
        }
    }

    /// Not the proxy's, which the JVM maps without a look at the jars' times: there its being
    /// packed with the jars that it was recorded from is all that pairs them.
    @ParameterizedTest
    @FieldSource("SERVERS")
    void a_cache_of_other_jars_is_refused(Component component) throws IOException {
        try (var image = unpack(component, MeshBuild.NEW)) {
            Files.setLastModifiedTime(
                    image.inside("/app/quarkus-run.jar"), FileTime.fromMillis(2_000));

            assertThat(start(image, component).exitCode()).isNotZero();
        }
    }

    private Rootfs unpack(Component component, MeshBuild build) throws IOException {
        var cache = Cache.ofUser();
        var progress = Progress.toStandardError();
        var base = new Base(cache, progress);
        var program = Content.program(component, Images.top());
        var aotCache = new AotCaches(Images.top(), cache, base, progress).of(component, program);
        assertThat(aotCache).as("it can be recorded here").isPresent();
        return Rootfs.unpack(folder, base, program.built(component, build, aotCache, Images.top()));
    }

    /// The image's command line up to what it runs, then `-version`: the cache is mapped and held
    /// against the class path, and the JVM ends.
    private static Output start(Rootfs image, Component component) {
        int jvm = component.turn().size();
        var command = new ArrayList<>(component.entrypoint().subList(jvm, jvm + 3));
        command.add("-XX:AOTMode=on");
        if (component.program() instanceof Component.Program.Jar(var path)) {
            command.addAll(List.of("-cp", path));
        }
        command.add("-version");
        return Processes.run(image.program(command));
    }
}
