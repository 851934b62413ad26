package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import dev.weft.e2e.machine.UnusableException;
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

/// A Kubernetes node made from packages, in namespaces of its own on this machine.
public final class LocalCluster implements Cluster {
    private final LocalNodes.Running running;
    private final boolean ours;
    private final Progress progress;
    private final LocalNode node;
    private final KubernetesClient client;
    private final Thread hook;

    private LocalCluster(LocalNodes.Running running, boolean ours, Progress progress) {
        this.running = running;
        this.ours = ours;
        this.progress = progress;
        this.node = new LocalNode(running.folder(), running.bin());
        var config = Config.fromKubeconfig(read(kubeconfig()));
        this.client = new KubernetesClientBuilder().withConfig(config).build();
        this.hook = new Thread(running::stop, "weft-cluster-teardown");
        if (ours) {
            Runtime.getRuntime().addShutdownHook(hook);
        }
    }

    /// Makes a cluster that ends when it is closed, or when this process does, however that
    /// happens.
    public static LocalCluster start(Cache cache, Progress progress) {
        var nodes = new LocalNodes(cache, progress);
        var running = nodes.startAttached();
        try {
            return new LocalCluster(running, true, progress);
        } catch (RuntimeException e) {
            running.stop();
            throw e;
        }
    }

    /// Makes a cluster that goes on after this process, until `weft cluster down` ends it.
    public static LocalCluster startToStay(String name, Cache cache, Progress progress) {
        new LocalNodes(cache, progress).startDetached(name);
        return attach(name, cache, progress);
    }

    /// Uses a cluster that `weft cluster up` has made, and leaves it running.
    public static LocalCluster attach(String name, Cache cache, Progress progress) {
        var nodes = new LocalNodes(cache, progress);
        var running =
                nodes.find(name)
                        .orElseThrow(() ->
                                new UnusableException(
                                        "There is no local cluster named "
                                                + name
                                                + ": make it with ./weft cluster up --name "
                                                + name
                                                + "."));
        return new LocalCluster(running, false, progress);
    }

    @Override
    public String description() {
        return "local Kubernetes "
                + client.getKubernetesVersion().getGitVersion()
                + " in "
                + running.folder();
    }

    @Override
    public Path kubeconfig() {
        return running.folder().resolve("kubeconfig");
    }

    @Override
    public KubernetesClient client() {
        return client;
    }

    @Override
    public void load(List<BuiltImage> images) {
        for (var image : images) {
            progress.timed(
                    "Loading " + image.localReference(),
                    () ->
                            node.exec(
                                            "ctr",
                                            "images",
                                            "import",
                                            "--local",
                                            image.archive().toString())
                                    .orThrow());
        }
    }

    @Override
    public String reference(BuiltImage image) {
        return image.localReference();
    }

    @Override
    public Output kubectl(String... arguments) {
        var command = new ArrayList<>(List.of(running.bin().resolve("kubectl").toString()));
        command.add("--kubeconfig=" + kubeconfig());
        command.addAll(List.of(arguments));
        return Processes.run(command);
    }

    @Override
    public Optional<Node> node() {
        return Optional.of(node);
    }

    @Override
    public void close() {
        client.close();
        if (ours) {
            running.stop();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The machine is shutting down already: the hook stops what is stopped, which does
                // nothing.
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
