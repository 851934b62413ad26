/// What the proxy leaves undone before it runs out of memory: [OverloadRules] says when, [Overload]
/// what, and [Pressure] how much there is. What is under way and holds most of it, as each
/// [Account] says, is ended by [StreamResets].
@NullMarked
package dev.weft.proxy.overload;

import org.jspecify.annotations.NullMarked;
