package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.JsonNode;

/// What the webhook asks of and does to the cluster; blocks, and throws when the API server does
/// not answer.
public interface Namespaces {
    /// The labels of a namespace, read now: an informer could be behind the label that a person has
    /// just set.
    JsonNode labels(String namespace);

    /// Makes sure that the mesh's ConfigMap is in the namespace.
    void ensureMeshConfig(String namespace);

    /// Tells the namespace's people that a pod stays outside of the mesh.
    ///
    /// @param pod the pod as it was sent for admission: it has no uid, and maybe no name
    void tellNotInjected(String namespace, JsonNode pod, String why);
}
