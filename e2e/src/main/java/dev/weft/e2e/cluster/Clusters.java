package dev.weft.e2e.cluster;

import static java.util.Objects.requireNonNull;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.UnusableException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Chooses the cluster that tests and demo run on, and says which and why.
public final class Clusters {
    /// What the person has named, if anything. An exported `KUBECONFIG` counts for nothing: what
    /// runs here kills things.
    ///
    /// @param kubeconfig of a cluster of theirs
    /// @param registry that it pulls from; `http://` before it allows plaintext
    /// @param local the name of a cluster that `weft cluster up` has made
    public record Choice(
            @Nullable Path kubeconfig, @Nullable String registry, @Nullable String local) {
        /// `-Dweft.kubeconfig=FILE`, `-Dweft.registry=HOST/PATH`, `-Dweft.cluster=NAME`.
        public static Choice ofSystemProperties() {
            var kubeconfig = property("weft.kubeconfig");
            return new Choice(
                    kubeconfig == null ? null : Path.of(kubeconfig),
                    property("weft.registry"),
                    property("weft.cluster"));
        }

        private static @Nullable String property(String name) {
            var value = System.getProperty(name, "");
            return value.isEmpty() ? null : value;
        }
    }

    /// The kinds of clusters, in the order of the choice.
    enum Kind {
        NAMED,
        NAMED_LOCAL,
        DOCKER,
        LOCAL
    }

    private Clusters() {}

    public static Cluster open(Choice choice, Cache cache, Progress progress) {
        var kind = choose(choice, DockerCluster::answers);
        progress.say("Cluster: " + why(kind, choice));
        return switch (kind) {
            case NAMED ->
                    NamedCluster.connect(
                            requireNonNull(choice.kubeconfig()),
                            choice.registry(),
                            cache,
                            progress);
            case NAMED_LOCAL ->
                    LocalCluster.attach(requireNonNull(choice.local()), cache, progress);
            case DOCKER -> DockerCluster.start(cache, progress);
            case LOCAL -> LocalCluster.start(cache, progress);
        };
    }

    /// What is named, else Docker, else local.
    ///
    /// @param docker whether a Docker daemon answers; asked only where nothing is named
    static Kind choose(Choice choice, BooleanSupplier docker) {
        if (choice.kubeconfig() != null && choice.local() != null) {
            throw new UnusableException(
                    "Two clusters are named: leave out --kubeconfig or --cluster.");
        }
        if (choice.kubeconfig() != null) {
            return Kind.NAMED;
        }
        if (choice.local() != null) {
            return Kind.NAMED_LOCAL;
        }
        return docker.getAsBoolean() ? Kind.DOCKER : Kind.LOCAL;
    }

    static String why(Kind kind, Choice choice) {
        return switch (kind) {
            case NAMED -> "the one that you named.";
            case NAMED_LOCAL -> "the local one that you named, " + choice.local() + ".";
            case DOCKER -> "k3s in Docker, because none was named and a Docker daemon answers.";
            case LOCAL ->
                    "a local Kubernetes made from packages, because none was named and no Docker daemon answers.";
        };
    }
}
