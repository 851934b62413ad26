/// Carries opaque bytes: enter at [TcpProxy], or at [Tunnel] for those that HTTP has let through.
@NullMarked
package dev.weft.proxy.tcp;

import org.jspecify.annotations.NullMarked;
