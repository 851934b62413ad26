package dev.weft.operator.observe;

import java.time.Instant;

/// A pod that proves an image on a node before any sidecar there depends on it.
///
/// @param name of the pod
/// @param message why it did not work, when it did not
public record ProofSeen(
        String name, String node, String image, Outcome outcome, Instant started, String message) {
    /// How it went.
    public enum Outcome {
        Running,
        Proved,
        Failed
    }
}
