/// This control plane's `MeshRevision`: its spec is read as [RevisionSettings] from a
/// [RevisionSource].
@NullMarked
package dev.weft.controlplane.revision;

import org.jspecify.annotations.NullMarked;
