package dev.weft.proxy;

import dev.weft.proxy.identity.CertificateEvents;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.xds.ResourceType;
import dev.weft.proxy.xds.XdsEvents;
import java.time.Instant;
import java.util.Locale;

/// Counts what happens on the control thread.
final class ControlMetrics implements CertificateEvents, XdsEvents {
    private final ProxyMetrics metrics;

    ControlMetrics(ProxyMetrics metrics) {
        this.metrics = metrics;
    }

    @Override
    public void certified(String spiffeId, Instant notAfter) {
        metrics.certified(spiffeId, notAfter);
    }

    @Override
    public void refused() {
        metrics.signingFailed();
    }

    @Override
    public void accepted(ResourceType type) {
        metrics.xdsResponse(label(type), "ack");
    }

    @Override
    public void refused(String typeUrl) {
        metrics.xdsResponse(
                ResourceType.of(typeUrl).map(ControlMetrics::label).orElse("other"), "nack");
    }

    @Override
    public void ignored(ResourceType type) {
        metrics.xdsResponse(label(type), "ignored");
    }

    @Override
    public void connected(String revision) {
        metrics.xdsConnected(revision, true);
    }

    @Override
    public void disconnected(String revision) {
        metrics.xdsConnected(revision, false);
    }

    private static String label(ResourceType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
