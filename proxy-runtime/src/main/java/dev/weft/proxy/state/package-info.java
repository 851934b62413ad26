/// What outlives this process, in the pod's memory-backed state folder: enter at [LastGood].
@NullMarked
package dev.weft.proxy.state;

import org.jspecify.annotations.NullMarked;
