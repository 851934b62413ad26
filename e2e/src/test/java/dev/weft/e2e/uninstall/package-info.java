/// The mesh's end.
@NullMarked
package dev.weft.e2e.uninstall;

import org.jspecify.annotations.NullMarked;
