package dev.weft.e2e.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.Processes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A local cluster leaves no trace, however it or its owner ends.
class LocalClusterTeardownIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private @Nullable Process held;

    @AfterEach
    void end_the_holder() {
        if (held != null) {
            held.destroyForcibly();
        }
    }

    @Test
    void closing_takes_everything_away_before_it_returns() throws Exception {
        var host = Traces.ofHost();
        Traces traces;
        try (var cluster = LocalCluster.start(Cache.ofUser(), Progress.silent())) {
            traces = Traces.of(Path.of(cluster.kubeconfig().toString().replace("/kubeconfig", "")));
            assertThat(traces.left()).as("the search finds what runs").hasSizeGreaterThan(10);
        }

        assertThat(traces.left()).isEmpty();
        assertThat(Traces.ofHost()).isEqualTo(host);
    }

    @Test
    void killing_the_owner_takes_everything_away() throws Exception {
        var traces = Traces.of(hold());

        holder().destroyForcibly();

        assertThat(traces.leftWithin(PATIENCE)).isEmpty();
    }

    @Test
    void interrupting_the_owner_takes_everything_away_before_it_ends() throws Exception {
        var traces = Traces.of(hold());

        Processes.must("kill", "-INT", Long.toString(holder().pid()));
        assertThat(holder().waitFor(60, TimeUnit.SECONDS)).as("the owner ends").isTrue();

        assertThat(traces.left()).isEmpty();
    }

    @Test
    void a_part_that_dies_takes_the_cluster_with_it() throws Exception {
        var folder = hold();
        var traces = Traces.of(folder);
        var node = new LocalNode(folder, folder.resolve("bin"));

        node.exec("kill", "-KILL", Files.readString(folder.resolve("pids/kube-proxy")).strip());

        assertThat(traces.leftWithin(PATIENCE)).isEmpty();
    }

    @Test
    void what_a_killed_supervisor_leaves_is_cleared_by_the_next_start() throws Exception {
        var folder = hold();
        var traces = Traces.of(folder);
        Processes.must("kill", "-KILL", Files.readString(folder.resolve("supervisor.pid")).strip());

        try (var next = LocalCluster.start(Cache.ofUser(), Progress.silent())) {
            assertThat(traces.leftWithin(PATIENCE)).isEmpty();
            assertThat(next.kubectl("get", "--raw", "/readyz").orThrow()).isEqualTo("ok");
        }
    }

    private Process holder() {
        return requireNonNull(held);
    }

    private Path hold() throws IOException {
        var holder =
                new ProcessBuilder(
                                List.of(
                                        // a shell's background job hands down that Ctrl-C is
                                        // ignored
                                        "env",
                                        "--default-signal=INT",
                                        Path.of(System.getProperty("java.home"), "bin/java")
                                                .toString(),
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        ClusterHolder.class.getName()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        held = holder;
        var lines =
                new BufferedReader(
                        new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
        var folder = lines.readLine();
        assertThat(folder).as("the cluster's folder").isNotNull();
        return Path.of(folder);
    }
}
