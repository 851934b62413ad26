/// The ways in which Services and pods are called.
@NullMarked
package dev.weft.e2e.naming;

import org.jspecify.annotations.NullMarked;
