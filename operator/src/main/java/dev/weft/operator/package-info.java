/// Reconciles `MeshInstallation`, the whole life of a mesh. Enter at [MeshReconciler], which reads,
/// decides, acts and tells, in that order: `observe` reads caches into one immutable
/// [dev.weft.operator.observe.Observed]; `plan` decides, purely; `desired` turns decisions into
/// Kubernetes objects, purely; `apply` is the one writer; `tell` makes status and Events.
///
/// Nothing is remembered that matters: an operator killed at any point goes on from what it
/// observes.
@NullMarked
package dev.weft.operator;

import org.jspecify.annotations.NullMarked;
