package dev.weft.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.cluster.Prerequisites.Machine;
import dev.weft.e2e.image.Images;
import dev.weft.e2e.machine.Processes;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrerequisitesTest {
    private static final long PLENTY = 100L << 30;

    @Test
    void a_machine_that_has_everything_is_taken() {
        assertThat(
                        Prerequisites.problems(
                                machine(
                                        "Linux",
                                        true,
                                        List.of(),
                                        "go version go1.26.8 linux/amd64",
                                        PLENTY)))
                .isEmpty();
    }

    @Test
    void another_system_than_Linux_is_the_only_thing_said() {
        assertThat(Prerequisites.problems(machine("Mac OS X", false, List.of("runc"), "", 0)))
                .singleElement()
                .asString()
                .contains("Mac OS X")
                .contains("--kubeconfig");
    }

    @Test
    void each_thing_that_is_missing_gets_its_own_sentence() {
        assertThat(
                        Prerequisites.problems(
                                machine("Linux", false, List.of("runc", "socat"), "", 1L << 30)))
                .satisfiesExactly(
                        root -> assertThat(root).contains("needs root"),
                        packages -> assertThat(packages).endsWith("runc socat."),
                        go -> assertThat(go).contains("Go 1.26").contains("there is none"),
                        disk ->
                                assertThat(disk)
                                        .contains("12 GB")
                                        .contains("has 1 GB")
                                        .contains("XDG_CACHE_HOME"));
    }

    @Test
    void packages_that_can_be_installed_are_no_problem() {
        var machine =
                new Machine(
                        true,
                        true,
                        "Linux",
                        true,
                        true,
                        true,
                        List.of("runc"),
                        "go version go1.27.0 linux/amd64",
                        true,
                        PLENTY,
                        cache());

        assertThat(Prerequisites.problems(machine)).isEmpty();
    }

    @Test
    void an_old_Go_is_named() {
        assertThat(
                        Prerequisites.problems(
                                machine(
                                        "Linux",
                                        true,
                                        List.of(),
                                        "go version go1.19.8 linux/amd64",
                                        PLENTY)))
                .singleElement()
                .asString()
                .contains("here is go version go1.19.8");
    }

    @Test
    void Go_is_asked_for_when_everything_is_built_too() {
        var machine =
                new Machine(
                        true, true, "Linux", true, true, true, List.of(), "", false, PLENTY,
                        cache());

        assertThat(Prerequisites.problems(machine)).singleElement().asString().contains("Go 1.26");
    }

    @Test
    void Go_is_not_asked_for_where_nothing_uses_it() {
        var machine =
                new Machine(
                        true, false, "Linux", true, true, true, List.of(), "", false, PLENTY,
                        cache());

        assertThat(Prerequisites.problems(machine)).isEmpty();
    }

    @Test
    void on_a_cluster_that_is_there_neither_system_nor_root_nor_disk_count_but_Go_does() {
        var machine =
                new Machine(
                        false,
                        true,
                        "Mac OS X",
                        false,
                        false,
                        false,
                        List.of(),
                        "",
                        false,
                        0,
                        cache());

        assertThat(Prerequisites.problems(machine)).singleElement().asString().contains("Go 1.26");
    }

    /// As `./weft` does it before anything is built: with a JDK and no class path.
    @Test
    void runs_from_its_source(@TempDir Path empty) {
        var top = Images.top();
        var builder =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        top.resolve("e2e/src/main/java/dev/weft/e2e/cluster/Prerequisites.java")
                                .toString(),
                        top.toString(),
                        "weft",
                        "demo");
        builder.environment().put("PATH", empty.toString());
        builder.environment().put("XDG_CACHE_HOME", empty.toString());

        var output = Processes.run(builder);

        assertThat(output.stderr()).contains("Go 1.26 or later is needed").doesNotContain("\tat ");
        assertThat(output.exitCode()).isEqualTo(3);
    }

    private static Machine machine(
            String os, boolean root, List<String> missing, String go, long free) {
        return new Machine(true, true, os, root, true, root, missing, go, true, free, cache());
    }

    private static Path cache() {
        return Path.of("/home/somebody/.cache/weft");
    }
}
