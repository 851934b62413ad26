/// Weft's Kubernetes types and the words that all parts share. Enter at [MeshInstallation], the one
/// resource of a mesh; [MeshRevision] is how the operator and the control planes talk to each
/// other. [Names], [Labels] and [Annotations] hold every name that more than one part knows;
/// [Reason] every reason that a condition or an Event may carry.
@NullMarked
package dev.weft.api;

import org.jspecify.annotations.NullMarked;
