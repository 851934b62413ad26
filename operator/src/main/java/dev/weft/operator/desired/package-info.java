/// Decisions as Kubernetes objects, purely: enter at [Desired].
@NullMarked
package dev.weft.operator.desired;

import org.jspecify.annotations.NullMarked;
