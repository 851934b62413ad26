/// Who is let in: permissive and strict, probes included.
@NullMarked
package dev.weft.e2e.mode;

import org.jspecify.annotations.NullMarked;
