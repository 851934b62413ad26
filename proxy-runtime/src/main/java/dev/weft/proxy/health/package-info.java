/// What active health checks come to: [Verdict] for one endpoint, [Pauses] between questions. Pure:
/// who asks is in the cluster package.
@NullMarked
package dev.weft.proxy.health;

import org.jspecify.annotations.NullMarked;
