/// What the proxy leaves undone before it runs out of memory: [OverloadRules] says when, [Overload]
/// what, and [Pressure] how much there is.
@NullMarked
package dev.weft.proxy.overload;

import org.jspecify.annotations.NullMarked;
