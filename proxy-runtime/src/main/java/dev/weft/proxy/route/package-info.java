/// Decides where a request goes: enter at [RouteTable]. Pure: no I/O, no clock, immutable tables.
@NullMarked
package dev.weft.proxy.route;

import org.jspecify.annotations.NullMarked;
