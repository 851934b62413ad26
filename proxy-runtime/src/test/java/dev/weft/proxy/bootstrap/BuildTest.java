package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BuildTest {
    @Test
    void says_the_version_that_was_compiled_in() {
        var build = Build.onClassPath();

        assertThat(build.version()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(build.features()).contains("weft.upstream-service-time");
    }
}
