/// What is carried besides plain requests.
@NullMarked
package dev.weft.e2e.protocol;

import org.jspecify.annotations.NullMarked;
