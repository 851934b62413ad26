/// What both sides of HTTP/2 share: settings and limits ([Http2Settled]), frames as messages
/// ([Http2Messages]).
@NullMarked
package dev.weft.proxy.http2;

import org.jspecify.annotations.NullMarked;
