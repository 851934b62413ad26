package dev.weft.controlplane.auth;

import io.grpc.Context;

/// The pod at the other end of a gRPC connection, as its certificate or the API server's
/// TokenReview says it. `node.id` and all else that a proxy says of itself decide nothing.
public record PodIdentity(String namespace, String pod, String uid, String serviceAccount) {
    /// Set for every call that reaches a service.
    public static final Context.Key<PodIdentity> CONTEXT_KEY = Context.key("weft-pod-identity");

    /// The SPIFFE id of the pod in this trust domain.
    public String spiffeId(String trustDomain) {
        return "spiffe://" + trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
    }

    @Override
    public String toString() {
        return namespace + "/" + pod;
    }
}
