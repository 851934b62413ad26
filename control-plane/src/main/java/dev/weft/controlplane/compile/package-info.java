/// Turns a [dev.weft.controlplane.model.MeshModel] into xDS: enter at [Compiler]. Pure: no I/O, no
/// clock.
///
/// A [Unit] is a group of resources together with everything that they depend on; a unit that was
/// in the compilation before is taken over as it is. So a change costs what depends on it, and
/// every proxy shares the same messages. What one proxy gets is a [ProxyView] on the [Compilation].
@NullMarked
package dev.weft.controlplane.compile;

import org.jspecify.annotations.NullMarked;
