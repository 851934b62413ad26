/// Carries opaque bytes: enter at [TcpProxy].
@NullMarked
package dev.weft.proxy.tcp;

import org.jspecify.annotations.NullMarked;
