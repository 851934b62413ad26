package dev.weft.proxy.worker;

import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.drain.Drain;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.overload.Overload;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.Telemetry;
import dev.weft.proxy.trace.Tracer;
import java.util.function.Supplier;

/// One event loop's collaborators.
///
/// @param tables what is in force at the moment of the call
/// @param newTables tells this loop when that has changed
public record Worker(
        Upstreams upstreams,
        Supplier<Tables> tables,
        NewTables newTables,
        MeshTls tls,
        Telemetry telemetry,
        Overload overload,
        Drain inbound,
        Drain outbound,
        Tracer tracer) {
    public Drain drain(Direction direction) {
        return switch (direction) {
            case INBOUND -> inbound;
            case OUTBOUND -> outbound;
        };
    }
}
