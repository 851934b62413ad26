/// The machine that all of this runs on: its programs and its packages.
@NullMarked
package dev.weft.e2e.machine;

import org.jspecify.annotations.NullMarked;
