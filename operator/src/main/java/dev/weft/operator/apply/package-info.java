/// The one writer: enter at [Applier]. Failures are values.
@NullMarked
package dev.weft.operator.apply;

import org.jspecify.annotations.NullMarked;
