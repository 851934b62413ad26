/// Takes connections and finds out what they are. In this order: [Acceptor], which [Listening]
/// opens, takes one, [Intake] finds its listener, [FirstBytes] its filter chain, by what [Sniffer]
/// sees, and [Arrival] installs what serves that.
@NullMarked
package dev.weft.proxy.accept;

import org.jspecify.annotations.NullMarked;
