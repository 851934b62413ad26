package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.UnusableException;
import java.nio.file.Path;
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

    private Clusters() {}

    public static Cluster open(Choice choice, Cache cache, Progress progress) {
        if (choice.kubeconfig() != null && choice.local() != null) {
            throw new UnusableException(
                    "Two clusters are named: leave out --kubeconfig or --cluster.");
        }
        if (choice.kubeconfig() != null) {
            progress.say("Cluster: the one that you named.");
            return NamedCluster.connect(choice.kubeconfig(), choice.registry(), cache, progress);
        }
        if (choice.local() != null) {
            progress.say("Cluster: the local one that you named, " + choice.local() + ".");
            return LocalCluster.attach(choice.local(), cache, progress);
        }
        if (DockerCluster.answers()) {
            progress.say(
                    "Cluster: k3s in Docker, because none was named and a Docker daemon answers.");
            return DockerCluster.start(cache, progress);
        }
        progress.say(
                "Cluster: a local Kubernetes made from packages, because none was named and no Docker daemon answers.");
        return LocalCluster.start(cache, progress);
    }
}
