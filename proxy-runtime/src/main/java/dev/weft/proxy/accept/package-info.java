/// Takes connections and finds out what they are: [Acceptor], [Intake], [Sniffer].
@NullMarked
package dev.weft.proxy.accept;

import org.jspecify.annotations.NullMarked;
