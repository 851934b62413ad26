package dev.weft.proxy.filter;

import dev.weft.proxy.route.RequestHead;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What a filter looks at.
///
/// @param head before the route changes anything of it
/// @param cluster where its route sends the request; null: it is answered here
/// @param descriptors by its route
/// @param clientAddress without its port; null: not known
/// @param nanos of a clock that only goes forward
public record FilterRequest(
        RequestHead head,
        @Nullable String cluster,
        RouteDescriptors descriptors,
        @Nullable String clientAddress,
        RandomGenerator random,
        long nanos) {}
