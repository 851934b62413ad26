/// The conversation with control planes: enter at [AdsClient], which owns at most two [Link]s (the
/// one that it follows, and the one that it is moving to), each of which keeps one [AdsStream]
/// open, in the [Variant] of the protocol that its control plane speaks. What has been accepted is
/// in [Configuration], whichever stream it came by. All of it runs on the control thread.
@NullMarked
package dev.weft.proxy.xds;

import org.jspecify.annotations.NullMarked;
