package dev.weft.proxy.telemetry;

/// Counts, and writes the access log.
public final class ProxyTelemetry implements Telemetry {
    private final ProxyMetrics metrics;
    private final AccessLog accessLog;

    public ProxyTelemetry(ProxyMetrics metrics, AccessLog accessLog) {
        this.metrics = metrics;
        this.accessLog = accessLog;
    }

    @Override
    public void request(RequestLog log) {
        metrics.request(log);
        accessLog.add(log);
    }

    @Override
    public void connection(ConnectionLog log) {
        metrics.connection(log);
        accessLog.add(log);
    }
}
