package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildTest {
    @TempDir private Path folder;

    @Test
    void says_the_version_that_was_compiled_in() {
        var build = Build.from(folder.resolve("absent"));

        assertThat(build.version()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(build.features()).contains("weft.upstream-service-time");
    }

    @Test
    void an_image_knows_better() throws IOException {
        var image = folder.resolve("weft-build.properties");
        Files.writeString(image, "version=0.1.0\nfeatures=\n");

        assertThat(Build.from(image)).isEqualTo(new Build("0.1.0", List.of()));
    }
}
