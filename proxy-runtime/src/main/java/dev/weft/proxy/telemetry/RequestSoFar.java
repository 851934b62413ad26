package dev.weft.proxy.telemetry;

import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import java.util.List;

/// A request that is under way. On its event loop.
@FunctionalInterface
public interface RequestSoFar {
    /// What would be told of it if it ended now, with details.
    ///
    /// @param headers that are asked for, as they are at this moment
    RequestLog told(List<Wanted> headers);
}
