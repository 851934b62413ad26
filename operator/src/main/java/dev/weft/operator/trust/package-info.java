/// The mesh's root: enter at [RootAuthority].
@NullMarked
package dev.weft.operator.trust;

import org.jspecify.annotations.NullMarked;
