package dev.weft.proxy.testing;

import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.Telemetry;

/// Telemetry that nobody reads.
public final class Untold implements Telemetry {
    @Override
    public void request(RequestLog log) {}

    @Override
    public void connection(ConnectionLog log) {}
}
