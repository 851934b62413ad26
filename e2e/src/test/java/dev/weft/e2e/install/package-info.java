/// Install to Ready, and what a person sees.
@NullMarked
package dev.weft.e2e.install;

import org.jspecify.annotations.NullMarked;
