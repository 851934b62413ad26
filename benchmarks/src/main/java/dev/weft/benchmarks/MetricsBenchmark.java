package dev.weft.benchmarks;

import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.telemetry.RequestLog;
import java.time.Duration;
import java.time.Instant;
import org.openjdk.jmh.annotations.Benchmark;

/// Recording one request in the metrics.
public class MetricsBenchmark extends HotPath {
    private final ProxyMetrics metrics = new ProxyMetrics("0.0.0", () -> 0);
    private final RequestLog log =
            new RequestLog(
                    Instant.EPOCH,
                    Duration.ofMillis(3),
                    Direction.INBOUND,
                    "HTTP/1.1",
                    "GET",
                    "shop.default",
                    "/item",
                    200,
                    "-",
                    0,
                    512,
                    "inbound",
                    "10.0.0.1:8080",
                    "spiffe://cluster.local/ns/default/sa/client",
                    true,
                    Duration.ZERO,
                    GrpcCode.NONE,
                    null);

    @Benchmark
    public void record() {
        metrics.request(log);
    }
}
