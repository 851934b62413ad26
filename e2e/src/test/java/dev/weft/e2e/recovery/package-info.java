/// Processes that are killed.
@NullMarked
package dev.weft.e2e.recovery;

import org.jspecify.annotations.NullMarked;
