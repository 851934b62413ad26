package dev.weft.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which cluster is asked: as `kubectl` finds it, unless named. These commands only read, so an
/// exported `KUBECONFIG` is good enough.
final class ClusterOptions {
    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "The kubeconfig file; default: as kubectl finds it.")
    @Nullable Path kubeconfig;

    @Option(names = "--context", paramLabel = "NAME", description = "The kubeconfig's context.")
    @Nullable String context;

    KubernetesClient client() {
        Config config = kubeconfig == null ? Config.autoConfigure(context) : named(kubeconfig);
        return new KubernetesClientBuilder()
                .withConfig(
                        new ConfigBuilder(config)
                                .withConnectionTimeout(5_000)
                                .withRequestTimeout(15_000)
                                .withRequestRetryBackoffLimit(1)
                                .build())
                .build();
    }

    private Config named(Path file) {
        try {
            return Config.fromKubeconfig(context, Files.readString(file), file.toString());
        } catch (IOException missing) {
            throw new IllegalArgumentException(
                    "--kubeconfig " + file + " cannot be read: name a kubeconfig file.", missing);
        }
    }
}
