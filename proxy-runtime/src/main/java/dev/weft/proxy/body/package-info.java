/// Bodies of messages, as far as they must be kept: enter at [KeptParts].
@NullMarked
package dev.weft.proxy.body;

import org.jspecify.annotations.NullMarked;
