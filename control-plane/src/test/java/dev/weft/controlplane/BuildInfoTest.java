package dev.weft.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildInfoTest {
    @TempDir private Path folder;

    @Test
    void the_image_says_version_and_features() throws IOException {
        var file = folder.resolve("weft-build.properties");
        Files.writeString(file, "version=0.2.0\nfeatures=one, two\n");

        assertThat(BuildInfo.from(file)).isEqualTo(new BuildInfo("0.2.0", Set.of("one", "two")));
    }

    @Test
    void outside_of_an_image_it_is_dev_without_features() {
        assertThat(BuildInfo.from(folder.resolve("absent")))
                .isEqualTo(new BuildInfo("dev", Set.of()));
    }
}
