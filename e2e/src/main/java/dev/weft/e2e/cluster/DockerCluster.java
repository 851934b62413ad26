package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.machine.DebianPackages;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/// k3s in a container. Testcontainers ends it, also when this process dies.
public final class DockerCluster implements Cluster {
    private static final DockerImageName IMAGE = DockerImageName.parse("rancher/k3s:v1.36.3-k3s1");

    private final K3sContainer container;
    private final Path kubeconfig;
    private final KubernetesClient client;
    private final Cache cache;
    private final Progress progress;

    private DockerCluster(K3sContainer container, Cache cache, Progress progress)
            throws IOException {
        this.container = container;
        this.cache = cache;
        this.progress = progress;
        this.kubeconfig = Files.createTempFile("weft-k3s-", ".kubeconfig");
        Files.writeString(kubeconfig, container.getKubeConfigYaml());
        this.client =
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(container.getKubeConfigYaml()))
                        .build();
    }

    /// Whether a Docker daemon answers. Testcontainers is asked only where one listens.
    public static boolean answers() {
        return DockerDaemon.listens() && DockerClientFactory.instance().isDockerAvailable();
    }

    /// Starts k3s and waits until its API server answers.
    @SuppressWarnings("resource") // the cluster owns the container
    public static DockerCluster start(Cache cache, Progress progress) {
        var container = new K3sContainer(IMAGE);
        // Annotations reach a pod's volumes at once, a changed ConfigMap within ten seconds: as in
        // the local cluster.
        container.withCommand(
                "server",
                "--disable=traefik,metrics-server,servicelb",
                "--tls-san=" + container.getHost(),
                "--kubelet-arg=sync-frequency=10s");
        try {
            container.start();
            return new DockerCluster(container, cache, progress);
        } catch (IOException e) {
            container.stop();
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String description() {
        return IMAGE + " in Docker, container " + container.getContainerId().substring(0, 12);
    }

    @Override
    public Path kubeconfig() {
        return kubeconfig;
    }

    @Override
    public KubernetesClient client() {
        return client;
    }

    @Override
    public void load(List<BuiltImage> images) {
        for (var image : images) {
            progress.timed("Loading " + image.localReference(), () -> load(image));
        }
    }

    private String load(BuiltImage image) {
        var inside = "/tmp/" + image.name() + "-" + image.tag() + ".tar";
        container.copyFileToContainer(MountableFile.forHostPath(image.archive()), inside);
        try {
            exec("ctr", "-n", "k8s.io", "images", "import", inside).orThrow();
            return exec("rm", inside).orThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    "interrupted while loading " + image.localReference(), e);
        }
    }

    private Output exec(String... command) throws IOException, InterruptedException {
        var result = container.execInContainer(command);
        return new Output(result.getExitCode(), result.getStdout(), result.getStderr());
    }

    @Override
    public String reference(BuiltImage image) {
        return image.localReference();
    }

    @Override
    public Output kubectl(String... arguments) {
        var command =
                new ArrayList<>(
                        List.of(Kubectl.path(cache, progress), "--kubeconfig=" + kubeconfig));
        command.addAll(List.of(arguments));
        return Processes.run(command);
    }

    @Override
    public Optional<Node> node() {
        if (!DebianPackages.onPath("docker")) {
            return Optional.empty();
        }
        return Optional.of(command -> {
            var line =
                    new ArrayList<>(
                            List.of("docker", "exec", "--privileged", container.getContainerId()));
            line.addAll(List.of(command));
            return line;
        });
    }

    @Override
    public void close() {
        client.close();
        container.stop();
        try {
            Files.deleteIfExists(kubeconfig);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
