package dev.weft.controlplane.compile;

import java.util.Set;

/// A pod that is being drained, and where its peers hear of it.
///
/// @param lastEndpoint it stays in use in some Service
/// @param held it is in use in some Service only because it is being drained: it is not ready
/// @param assignments names of the endpoint resources that say so
public record DrainScope(
        String namespace,
        String pod,
        String uid,
        boolean lastEndpoint,
        boolean held,
        Set<String> assignments) {
    public DrainScope {
        assignments = Set.copyOf(assignments);
    }
}
