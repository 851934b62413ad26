package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.refusal.Refusal;
import org.jspecify.annotations.Nullable;

/// A request that waits for its way to an endpoint. Exactly one of the two is called, unless it is
/// cancelled before.
public interface StreamWaiter {
    void ready(UpstreamStream stream);

    /// @param target the endpoint that could not be reached; null: none was chosen
    void failed(Refusal why, @Nullable Target target);

    /// Nobody waits any more.
    boolean cancelled();
}
