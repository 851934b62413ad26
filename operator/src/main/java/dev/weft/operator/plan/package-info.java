/// What to do, decided purely: enter at [Plan#of]. [Upgrade] moves a mesh between versions,
/// [Removal] takes it away.
@NullMarked
package dev.weft.operator.plan;

import org.jspecify.annotations.NullMarked;
