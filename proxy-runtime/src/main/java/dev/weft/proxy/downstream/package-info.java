/// What every part of the data path knows of an accepted connection: [Origin].
@NullMarked
package dev.weft.proxy.downstream;

import org.jspecify.annotations.NullMarked;
