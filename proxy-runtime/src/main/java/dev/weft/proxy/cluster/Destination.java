package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.config.Transport.Carried;
import java.time.Duration;

/// One endpoint as one cluster speaks to it: what connections of a pool have in common.
///
/// @param toSelf the endpoint is this pod: the connection is bound to loopback, so that it is
///   redirected
record Destination(
        String cluster,
        Target target,
        Carried carried,
        boolean toSelf,
        Duration connectTimeout,
        ClusterSpec.Limits limits) {
    Transport transport() {
        return target.transport();
    }
}
