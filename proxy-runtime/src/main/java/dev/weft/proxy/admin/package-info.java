/// The proxy's own HTTP ports: metrics, health and probes for everybody, the rest for the pod
/// alone. Enter at [Admin]. They live on an event loop of their own, so that nobody who asks costs
/// a request anything.
@NullMarked
package dev.weft.proxy.admin;

import org.jspecify.annotations.NullMarked;
