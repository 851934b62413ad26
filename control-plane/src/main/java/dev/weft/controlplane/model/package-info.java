/// The cluster as the mesh sees it: enter at [MeshModel], one immutable snapshot.
///
/// [ClusterWatch] is the edge: informers that keep of each object only its name and hand the rest,
/// trimmed, to a [ModelStore]. The records that start with `Mesh` are what is left of an object
/// after trimming.
@NullMarked
package dev.weft.controlplane.model;

import org.jspecify.annotations.NullMarked;
