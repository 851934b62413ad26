/// The hash functions by which requests are tied to endpoints: [Hashes].
@NullMarked
package dev.weft.proxy.hash;

import org.jspecify.annotations.NullMarked;
