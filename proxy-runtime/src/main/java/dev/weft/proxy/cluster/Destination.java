package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.KeepAliveRules;
import dev.weft.proxy.config.TcpKeepAlive;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.route.RoutePriority;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One endpoint as one cluster speaks to it: what connections of a pool have in common.
///
/// @param label the target's
/// @param priority whose limits count
/// @param toSelf the endpoint is this pod: the connection is bound to loopback, so that it is
///   redirected
record Destination(
        ClusterState cluster,
        EndpointState endpoint,
        Target target,
        String label,
        Carried carried,
        RoutePriority priority,
        boolean toSelf) {
    CircuitBreaker breaker() {
        return cluster.breaker(priority);
    }

    Transport transport() {
        return target.transport();
    }

    Duration connectTimeout() {
        return cluster.spec().connectTimeout();
    }

    /// Zero: without end.
    Duration unusedLimit() {
        return cluster.spec().http().unused();
    }

    int bufferBytes() {
        return cluster.spec().bufferBytes();
    }

    /// Null: an HTTP/2 endpoint that is gone is not looked for.
    @Nullable KeepAliveRules keepAlive() {
        return cluster.spec().http().keepAlive();
    }

    TcpKeepAlive tcpKeepAlive() {
        return cluster.spec().tcpKeepAlive();
    }

    int maxFields() {
        return cluster.spec().http().maxFields();
    }

    /// Takes the right to one more connection; [#connectionEnded] follows.
    ///
    /// @param first a pool without any gets one in any case: other endpoints' connections must not
    ///   keep it from its requests for ever
    boolean mayConnect(boolean first) {
        cluster.use();
        var ofCluster = breaker().connections();
        var ofEndpoint = endpoint.connections();
        if (first) {
            ofCluster.take();
            ofEndpoint.take();
            return true;
        }
        if (!ofCluster.tryTake()) {
            return false;
        }
        if (!ofEndpoint.tryTake(cluster.spec().limits(priority).connectionsPerEndpoint())) {
            ofCluster.release();
            return false;
        }
        return true;
    }

    void connectionEnded() {
        breaker().connections().release();
        endpoint.connections().release();
    }

    /// Takes the right to one more request; [#requestEnded] follows.
    boolean mayBegin() {
        if (!breaker().requests().tryTake()) {
            breaker().requests().refuse();
            return false;
        }
        endpoint.began();
        return true;
    }

    void requestEnded() {
        breaker().requests().release();
        endpoint.vitals().ended();
    }
}
