/// What load endpoints have, counted for a control plane that asks: [LoadSource] has the numbers.
@NullMarked
package dev.weft.proxy.load;

import org.jspecify.annotations.NullMarked;
