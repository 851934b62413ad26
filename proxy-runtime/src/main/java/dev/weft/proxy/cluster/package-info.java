/// Gets a request or connection to an endpoint: enter at [Upstreams], of which every event loop has
/// its own. No locks: all of it runs on the event loop that owns the request.
@NullMarked
package dev.weft.proxy.cluster;

import org.jspecify.annotations.NullMarked;
