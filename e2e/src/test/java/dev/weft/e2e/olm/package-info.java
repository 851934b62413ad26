/// Whether OLM's own tools take what the build writes for OperatorHub.
@NullMarked
package dev.weft.e2e.olm;

import org.jspecify.annotations.NullMarked;
