/// Tells on each HTTPRoute what became of it: enter at [RouteStatusWriter].
@NullMarked
package dev.weft.controlplane.routestatus;

import org.jspecify.annotations.NullMarked;
