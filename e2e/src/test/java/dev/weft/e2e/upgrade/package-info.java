/// From one version to the next, and one that fails.
@NullMarked
package dev.weft.e2e.upgrade;

import org.jspecify.annotations.NullMarked;
