/// What every part of the data path knows of an accepted connection: [Origin], and what becomes of
/// it when its filter chain changes: [ServedChain], [Farewell].
@NullMarked
package dev.weft.proxy.downstream;

import org.jspecify.annotations.NullMarked;
