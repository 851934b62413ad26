/// Routes of users, on the real cluster.
@NullMarked
package dev.weft.e2e.route;

import org.jspecify.annotations.NullMarked;
