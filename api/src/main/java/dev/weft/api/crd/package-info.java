/// Writes the CRDs from the types of `dev.weft.api`, at build time: enter at [CrdWriter].
@NullMarked
package dev.weft.api.crd;

import org.jspecify.annotations.NullMarked;
