/// What is refused, and in which words.
@NullMarked
package dev.weft.e2e.refusal;

import org.jspecify.annotations.NullMarked;
