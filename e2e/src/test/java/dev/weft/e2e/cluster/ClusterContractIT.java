package dev.weft.e2e.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.image.Images;
import dev.weft.e2e.machine.UnusableException;
import dev.weft.e2e.mesh.Until;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// What every kind of cluster must do, whichever is chosen.
@ParameterizedClass
@EnumSource(ClusterContractIT.Kind.class)
class ClusterContractIT {
    enum Kind {
        LOCAL,
        DOCKER,
        NAMED
    }

    private static final Cache CACHE = Cache.ofUser();
    private static final Progress PROGRESS = Progress.toStandardError();

    /// One for those kinds that are made of it.
    private static @Nullable LocalCluster local;

    private static AutoCloseable opening = () -> {};
    private static @Nullable Cluster opened;
    private static String namespace = "";
    private static @Nullable BuiltImage loaded;

    private final Cluster cluster = requireNonNull(opened);
    private final BuiltImage image = requireNonNull(loaded);

    ClusterContractIT(Kind kind) {}

    @BeforeParameterizedClassInvocation
    static void open(Kind kind) {
        switch (kind) {
            case LOCAL -> opened = local();
            case DOCKER -> {
                assumeTrue(DockerCluster.answers(), "not run: no Docker daemon answers here");
                var docker = DockerCluster.start(CACHE, PROGRESS);
                opening = docker;
                opened = docker;
            }
            case NAMED -> {
                var registry = LocalRegistry.start(local());
                opening = registry;
                var named =
                        NamedCluster.connect(
                                local().kubeconfig(), registry.name(), CACHE, PROGRESS);
                opening =
                        () -> {
                            named.close();
                            registry.close();
                        };
                opened = named;
            }
        }
        namespace = "contract-" + kind.name().toLowerCase(Locale.ROOT);
        var cluster = requireNonNull(opened);
        var image = new Images(Images.top(), CACHE, PROGRESS).testapp();
        loaded = image;
        cluster.load(List.of(image));
        cluster.kubectl("create", "namespace", namespace).orThrow();
        cluster.kubectl(
                        "-n",
                        namespace,
                        "wait",
                        "--for=create",
                        "serviceaccount/default",
                        "--timeout=30s")
                .orThrow();
        cluster.kubectl(
                        "-n",
                        namespace,
                        "run",
                        "web",
                        "--image=" + cluster.reference(image),
                        "--image-pull-policy=IfNotPresent",
                        "--port=8080",
                        "--expose",
                        "--command",
                        "--",
                        "/opt/java/bin/java",
                        "-m",
                        "jdk.httpserver",
                        "-b",
                        "0.0.0.0",
                        "-p",
                        "8080",
                        "-d",
                        "/etc")
                .orThrow();
        cluster.kubectl(
                        "-n",
                        namespace,
                        "wait",
                        "--for=condition=Ready",
                        "pod/web",
                        "--timeout=120s")
                .orThrow();
        Until.isTrue(
                "the web server in the pod",
                Duration.ofMinutes(1),
                () ->
                        cluster.kubectl(
                                        "-n",
                                        namespace,
                                        "exec",
                                        "web",
                                        "--",
                                        "wget",
                                        "-q",
                                        "-O",
                                        "-",
                                        "http://127.0.0.1:8080/passwd")
                                .succeeded(),
                () -> cluster.kubectl("-n", namespace, "logs", "web").stdout());
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        opened = null;
        opening.close();
        opening = () -> {};
    }

    @AfterAll
    static void end() {
        if (local != null) {
            local.close();
            local = null;
        }
    }

    private static LocalCluster local() {
        if (local == null) {
            local = LocalCluster.start(CACHE, PROGRESS);
        }
        return local;
    }

    @Test
    void an_image_that_was_loaded_runs_in_a_pod() {
        var pod = cluster.client().pods().inNamespace(namespace).withName("web").get();

        assertThat(pod.getStatus().getContainerStatuses().getFirst().getImage())
                .endsWith(image.name() + ":" + image.tag());
        assertThat(pod.getStatus().getPodIP()).isNotBlank();
    }

    @Test
    void loading_an_image_again_is_no_mistake() {
        cluster.load(List.of(image));
    }

    @Test
    void exec_runs_in_the_pod_and_cluster_dns_answers_there() {
        var answer =
                cluster.kubectl(
                        "-n",
                        namespace,
                        "exec",
                        "web",
                        "--",
                        "nslookup",
                        "web." + namespace + ".svc.cluster.local");
        var address =
                cluster.client()
                        .services()
                        .inNamespace(namespace)
                        .withName("web")
                        .get()
                        .getSpec()
                        .getClusterIP();

        assertThat(answer.orThrow()).contains(address);
    }

    @Test
    void a_pod_reaches_itself_through_its_service() {
        var answer =
                cluster.kubectl(
                        "-n",
                        namespace,
                        "exec",
                        "web",
                        "--",
                        "wget",
                        "-q",
                        "-O",
                        "-",
                        "http://web." + namespace + ".svc.cluster.local:8080/passwd");

        assertThat(answer.orThrow()).contains("weft:x:1337:");
    }

    @Test
    void logs_are_read() {
        var marker = UUID.randomUUID().toString();
        cluster.kubectl(
                "-n",
                namespace,
                "exec",
                "web",
                "--",
                "wget",
                "-q",
                "-O",
                "-",
                "http://web:8080/" + marker);

        assertThat(cluster.kubectl("-n", namespace, "logs", "web").orThrow()).contains(marker);
    }

    @Test
    void a_port_is_forwarded() throws Exception {
        try (LocalPortForward forward =
                        cluster.client()
                                .pods()
                                .inNamespace(namespace)
                                .withName("web")
                                .portForward(8080);
                var http = HttpClient.newHttpClient()) {
            var uri = URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/passwd");
            var answer =
                    http.send(
                            HttpRequest.newBuilder(uri).build(),
                            HttpResponse.BodyHandlers.ofString());

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("weft:x:1337:");
        }
    }

    @Test
    void a_failing_command_says_how_it_failed() {
        var answer = cluster.kubectl("-n", namespace, "get", "pod", "nobody");

        assertThat(answer.succeeded()).isFalse();
        assertThat(answer.stderr()).contains("nobody");
    }

    @Test
    void the_kubeconfig_is_a_file_that_works_from_here() {
        assertThat(Files.isReadable(cluster.kubeconfig())).isTrue();
        assertThat(cluster.kubectl("get", "--raw", "/readyz").orThrow()).isEqualTo("ok");
    }

    @Test
    void a_named_cluster_that_has_a_mesh_is_refused() {
        assumeTrue(
                cluster instanceof NamedCluster,
                "only what a person names can have a mesh of theirs");
        cluster.client().load(getClass().getResourceAsStream("mesh.yaml")).create();
        cluster.kubectl("wait", "--for=condition=Established", "crd/meshinstallations.weft.dev")
                .orThrow();
        cluster.client().load(getClass().getResourceAsStream("mesh-installation.yaml")).create();

        assertThatThrownBy(() -> NamedCluster.connect(cluster.kubeconfig(), null, CACHE, PROGRESS))
                .isInstanceOf(UnusableException.class)
                .hasMessageContaining("MeshInstallation theirs")
                .hasMessageContaining("name another cluster");
    }

    @Test
    void commands_run_in_the_node_where_it_can_be_entered() {
        assumeTrue(
                cluster.node().isPresent(),
                "a cluster that a person named is not entered from below");
        var address =
                cluster.client()
                        .pods()
                        .inNamespace(namespace)
                        .withName("web")
                        .get()
                        .getStatus()
                        .getPodIP();

        var answer = cluster.node().orElseThrow().exec("ip", "route", "get", address);

        // A pod's own link may be called veth0815: the device is compared as a word.
        assertThat(answer.orThrow().split("\\s+")).contains(address, "dev").doesNotContain("eth0");
    }
}
