/// Replicas that come and go under load.
@NullMarked
package dev.weft.e2e.rolling;

import org.jspecify.annotations.NullMarked;
