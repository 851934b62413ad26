package dev.weft.controlplane.revision;

import org.jspecify.annotations.Nullable;

/// The newest settings of this control plane.
public interface RevisionSource {
    /// The settings in force, or null while no valid `MeshRevision` of this revision has been seen.
    @Nullable RevisionSettings current();

    /// Calls `listener` after each change of [#current]. It runs on an informer's thread: hand over
    /// and return.
    void onChange(Runnable listener);
}
