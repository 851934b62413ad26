/// Who this pod is: its key, its certificate, the mesh's roots, and the TLS contexts made from
/// them. Enter at [MeshTls] for what the data path needs.
@NullMarked
package dev.weft.proxy.identity;

import org.jspecify.annotations.NullMarked;
