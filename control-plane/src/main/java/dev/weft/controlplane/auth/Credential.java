package dev.weft.controlplane.auth;

import io.grpc.Status;

/// What came of looking at what a caller presented.
public sealed interface Credential {
    record Accepted(PodIdentity pod) implements Credential {}

    /// The caller must present something else.
    record Rejected(String why) implements Credential {
        Status status() {
            return Status.UNAUTHENTICATED.withDescription(why);
        }
    }

    /// Nobody could say; the same credential may be good in a moment.
    record Undecided(String why) implements Credential {
        Status status() {
            return Status.UNAVAILABLE.withDescription(why);
        }
    }
}
