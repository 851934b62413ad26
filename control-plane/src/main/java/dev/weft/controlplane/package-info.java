@NullMarked
package dev.weft.controlplane;

import org.jspecify.annotations.NullMarked;
