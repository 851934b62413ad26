/// Leaves without losing a request: [Drain] for connections, [SynGate] and [SharedPort] for
/// listening sockets.
@NullMarked
package dev.weft.proxy.drain;

import org.jspecify.annotations.NullMarked;
