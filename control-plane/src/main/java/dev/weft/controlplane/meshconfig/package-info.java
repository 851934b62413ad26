/// What a proxy is born with: the ConfigMap `weft-mesh` of its namespace, kept by [MeshConfigMaps].
@NullMarked
package dev.weft.controlplane.meshconfig;

import org.jspecify.annotations.NullMarked;
