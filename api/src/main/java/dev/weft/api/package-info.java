@NullMarked
package dev.weft.api;

import org.jspecify.annotations.NullMarked;
