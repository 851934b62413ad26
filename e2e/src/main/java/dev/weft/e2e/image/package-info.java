/// Weft's images, made without a Docker daemon.
@NullMarked
package dev.weft.e2e.image;

import org.jspecify.annotations.NullMarked;
