package dev.weft.e2e.cluster;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import dev.weft.e2e.machine.UnusableException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A cluster that a person has named, with the registry that it pulls from. It is theirs: nothing
/// of it is ended.
public final class NamedCluster implements Cluster {
    /// Where images go.
    ///
    /// @param name host, port and path, for example `registry.example.com/team/weft`
    /// @param plaintext whether it is spoken to without TLS: only if the person has written
    ///   `http://` before it
    record Registry(String name, boolean plaintext) {
        static Registry parse(String text) {
            var bare = text.replaceFirst("^https?://", "").replaceFirst("/+$", "");
            return new Registry(bare, text.startsWith("http://"));
        }

        String reference(BuiltImage image) {
            return name + "/" + image.name() + ":" + image.tag();
        }
    }

    private static final ResourceDefinitionContext MESH =
            new ResourceDefinitionContext.Builder()
                    .withGroup("weft.dev")
                    .withVersion("v1alpha1")
                    .withKind("MeshInstallation")
                    .withPlural("meshinstallations")
                    .withNamespaced(false)
                    .build();

    private final Path kubeconfig;
    private final @Nullable Registry registry;
    private final Cache cache;
    private final Progress progress;
    private final String context;
    private final KubernetesClient client;

    private NamedCluster(
            Path kubeconfig,
            @Nullable Registry registry,
            Config config,
            Cache cache,
            Progress progress) {
        this.kubeconfig = kubeconfig;
        this.registry = registry;
        this.cache = cache;
        this.progress = progress;
        this.context =
                config.getCurrentContext() == null
                        ? "(none)"
                        : config.getCurrentContext().getName();
        this.client = new KubernetesClientBuilder().withConfig(config).build();
    }

    /// Refuses a cluster that has a mesh: what is started here kills control planes and restarts
    /// proxies.
    public static NamedCluster connect(
            Path kubeconfig, @Nullable String registry, Cache cache, Progress progress) {
        Config config;
        try {
            config = Config.fromKubeconfig(Files.readString(kubeconfig));
        } catch (IOException e) {
            throw new UnusableException(
                    kubeconfig + " cannot be read: name a kubeconfig that can be.");
        }
        var cluster =
                new NamedCluster(
                        kubeconfig.toAbsolutePath(),
                        registry == null ? null : Registry.parse(registry),
                        config,
                        cache,
                        progress);
        try {
            progress.say(
                    "Context "
                            + cluster.context
                            + " of "
                            + kubeconfig
                            + ", "
                            + config.getMasterUrl());
            cluster.refuseMesh();
        } catch (RuntimeException e) {
            cluster.client.close();
            throw e;
        }
        return cluster;
    }

    private void refuseMesh() {
        var definition =
                client.apiextensions()
                        .v1()
                        .customResourceDefinitions()
                        .withName(MESH.getPlural() + "." + MESH.getGroup())
                        .get();
        if (definition == null) {
            return;
        }
        var installed = client.genericKubernetesResources(MESH).list().getItems();
        if (!installed.isEmpty()) {
            throw new UnusableException(
                    "Context %s has the MeshInstallation %s, and what runs here would disturb it: name another cluster."
                            .formatted(context, installed.getFirst().getMetadata().getName()));
        }
    }

    @Override
    public String description() {
        return "the cluster that you named: context " + context + " of " + kubeconfig;
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
            progress.timed("Pushing " + reference(image), () -> push(image));
        }
    }

    private String push(BuiltImage image) {
        var to = registry();
        try {
            var reference = ImageReference.parse(to.reference(image));
            var target = RegistryImage.named(reference);
            var credentials = CredentialRetrieverFactory.forImage(reference, _ -> {});
            target.addCredentialRetriever(credentials.dockerConfig());
            return Jib.from(TarImage.at(image.archive()))
                    .containerize(
                            Containerizer.to(target)
                                    .setBaseImageLayersCache(cache.root().resolve("jib"))
                                    .setApplicationLayersCache(cache.root().resolve("jib"))
                                    .setAllowInsecureRegistries(to.plaintext()))
                    .getDigest()
                    .toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while pushing " + to.reference(image), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot push " + to.reference(image), e);
        } catch (Exception e) {
            throw new IllegalStateException("cannot push " + to.reference(image), e);
        }
    }

    @Override
    public String reference(BuiltImage image) {
        return registry().reference(image);
    }

    private Registry registry() {
        if (registry == null) {
            throw new UnusableException(
                    "Images must reach the cluster that you named: name a registry that it pulls from and that you may"
                            + " push to, --registry HOST/PATH (-Dweft.registry=HOST/PATH).");
        }
        return registry;
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
        return Optional.empty();
    }

    @Override
    public void close() {
        client.close();
    }
}
