/// Which pods get a sidecar, and what starts and ends with one.
@NullMarked
package dev.weft.e2e.injection;

import org.jspecify.annotations.NullMarked;
