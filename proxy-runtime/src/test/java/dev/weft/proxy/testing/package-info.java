/// What the proxy's tests share: a mesh of one machine, with a certificate authority and control
/// planes that do as they are told.
@NullMarked
package dev.weft.proxy.testing;

import org.jspecify.annotations.NullMarked;
