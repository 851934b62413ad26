package dev.weft.proxy.testing;

import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.GrpcCode;
import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.HeaderValues;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogDetails;
import dev.weft.proxy.telemetry.LogRules;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.RequestSoFar;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A request of which this is known, that began 123,999 ns after 03:04:59 on 2 January 2026.
public record KnownSoFar(HttpHeaders headers, String route, String cluster)
        implements RequestSoFar {
    private static final Instant START = Instant.parse("2026-01-02T03:04:59.000123999Z");
    private static final InetSocketAddress DESTINATION = new InetSocketAddress("127.0.0.1", 80);

    @Override
    public RequestLog told(List<Wanted> wanted) {
        var taken = new HeaderValues(wanted, HeaderFormat.MAX_BYTES);
        taken.take(HeaderValues.Source.REQUEST, headers);
        return new RequestLog(
                START,
                Duration.ZERO,
                Direction.INBOUND,
                "HTTP/1.1",
                "GET",
                "web",
                "/",
                0,
                "-",
                0,
                0,
                cluster,
                "",
                null,
                false,
                Duration.ZERO,
                GrpcCode.NONE,
                new LogDetails(
                        LogRules.DEFAULT,
                        "HTTP/1.1",
                        "",
                        null,
                        DESTINATION,
                        "",
                        null,
                        null,
                        route,
                        "",
                        -1,
                        -1,
                        taken));
    }
}
