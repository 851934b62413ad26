/// What takes long to make and is the same for every checkout: enter at [Cache].
@NullMarked
package dev.weft.e2e.cache;

import org.jspecify.annotations.NullMarked;
