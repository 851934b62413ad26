/// What is, as one immutable value: enter at [Observed]. [Observer] fills it from informers'
/// caches.
@NullMarked
package dev.weft.operator.observe;

import org.jspecify.annotations.NullMarked;
