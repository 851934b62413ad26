/// Gets a request or connection to an endpoint: enter at [Upstreams], of which every event loop has
/// its own, and at [ClusterStates], which they share. What a tunnel gets is a [Carrier]. No locks
/// on event loops: what is shared is counted by atomics, and read as immutable snapshots.
@NullMarked
package dev.weft.proxy.cluster;

import org.jspecify.annotations.NullMarked;
