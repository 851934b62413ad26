package dev.weft.proxy.telemetry;

import dev.weft.proxy.health.Answer;

/// Takes note of what the data path has done. Called from event loops: never blocks.
public interface Telemetry {
    /// A request has ended, whether answered by the service, by the proxy or by nobody.
    void request(RequestLog log);

    /// A connection that was carried as opaque bytes has ended, or was refused.
    void connection(ConnectionLog log);

    /// A health check of one of the cluster's endpoints has ended.
    default void checked(String cluster, Answer answer) {}

    /// How many endpoints of a cluster with health checks do not fail them.
    default void healthy(String cluster, int endpoints) {}

    /// A collector has taken them.
    default void spansSent(int spans) {}

    /// A collector has not taken them, or could not keep up.
    default void spansDropped(int spans) {}

    /// The cluster's endpoints are not checked any more.
    default void unchecked(String cluster) {}
}
