/// What both sides of HTTP/2 share: settings ([Http2Settled]), the judgement of what a peer sends
/// ([StrictReader]) and how much of it ([FloodGate]), frames as messages ([Http2Messages]).
@NullMarked
package dev.weft.proxy.http2;

import org.jspecify.annotations.NullMarked;
