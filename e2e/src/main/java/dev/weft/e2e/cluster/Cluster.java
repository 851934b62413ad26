package dev.weft.e2e.cluster;

import dev.weft.e2e.image.BuiltImage;
import dev.weft.e2e.machine.Output;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A real Kubernetes, empty but for cluster DNS. Calls block, and may come from any thread.
public interface Cluster extends AutoCloseable {
    /// Which cluster this is, for people: its kind, and where it is.
    String description();

    /// A kubeconfig that works from this machine.
    Path kubeconfig();

    /// One client for the life of the cluster; closed with it.
    KubernetesClient client();

    /// Makes images known to the cluster's nodes. An image that is there already costs almost
    /// nothing.
    void load(List<BuiltImage> images);

    /// The name by which pods of this cluster use an image that was loaded.
    String reference(BuiltImage image);

    /// Runs kubectl against this cluster, to its end.
    Output kubectl(String... arguments);

    /// The node, where it can be reached: not in a cluster that a person names.
    Optional<Node> node();

    /// Ends a cluster that was made for the caller; leaves one alone that was there before.
    @Override
    void close();
}
