package dev.weft.proxy.telemetry;

/// Takes note of what the data path has done. Called from event loops: never blocks.
public interface Telemetry {
    /// A request has ended, whether answered by the service, by the proxy or by nobody.
    void request(RequestLog log);

    /// A connection that was carried as opaque bytes has ended, or was refused.
    void connection(ConnectionLog log);
}
