package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import java.nio.charset.StandardCharsets;

/// Whatever stands in the files that the pod is given: they are understood or refused.
class PodFilesFuzzTest {
    @FuzzTest
    void files_are_understood_or_refused(byte[] file) {
        var text = new String(file, StandardCharsets.UTF_8);
        assertThat(Annotations.parse(text)).doesNotContainKey("").doesNotContainValue(null);
        try {
            var controlPlane = BootstrapFile.parse("r", text);
            assertThat(controlPlane.host()).isNotEmpty();
            assertThat(controlPlane.port()).isBetween(1, 65_535);
        } catch (InvalidBootstrap refused) {
            assertThat(refused).hasMessageContaining(" ");
        }
    }
}
