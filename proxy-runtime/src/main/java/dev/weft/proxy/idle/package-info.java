/// How long a connection may have nothing to do: enter at [Idleness].
@NullMarked
package dev.weft.proxy.idle;

import org.jspecify.annotations.NullMarked;
