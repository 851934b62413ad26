package dev.weft.proxy.telemetry;

import dev.weft.proxy.health.Answer;

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

    @Override
    public void checked(String cluster, Answer answer) {
        metrics.checked(cluster, answer);
    }

    @Override
    public void healthy(String cluster, int endpoints) {
        metrics.healthy(cluster, endpoints);
    }

    @Override
    public void spansSent(int spans) {
        metrics.spans("sent", spans);
    }

    @Override
    public void spansDropped(int spans) {
        metrics.spans("dropped", spans);
    }

    @Override
    public void unchecked(String cluster) {
        metrics.unchecked(cluster);
    }
}
