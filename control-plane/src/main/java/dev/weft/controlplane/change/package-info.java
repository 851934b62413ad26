/// The way of a change through the control plane: enter at [ChangePipeline].
@NullMarked
package dev.weft.controlplane.change;

import org.jspecify.annotations.NullMarked;
