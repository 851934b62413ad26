/// Weft on a cluster, as its users handle it: installs the operator, writes the `MeshInstallation`,
/// starts test workloads, and looks into pods. Enter at [Mesh] and [Workloads]. Demo and suites
/// share it.
@NullMarked
package dev.weft.e2e.mesh;

import org.jspecify.annotations.NullMarked;
