/// Serves HTTP/1.1 and HTTP/2: a connection is an [Http1Server] or an [Http2Server], a request an
/// [Exchange].
@NullMarked
package dev.weft.proxy.http;

import org.jspecify.annotations.NullMarked;
