package dev.weft.api;

/// What deleting a [MeshInstallation] means while meshed pods exist.
public enum DeletionPolicy {
    /// Deletion waits until no meshed pod is left, and says so.
    Wait,
    /// The proxies are turned into plain pass-through first; pods go on without the mesh until they
    /// are restarted.
    Detach
}
