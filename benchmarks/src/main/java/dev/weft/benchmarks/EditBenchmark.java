package dev.weft.benchmarks;

import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderEdits.Mode;
import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.HeaderValues.Source;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogField;
import dev.weft.proxy.telemetry.LogValue;
import dev.weft.proxy.telemetry.LogValue.Literal;
import dev.weft.proxy.telemetry.LogValue.Text;
import dev.weft.proxy.telemetry.RequestSoFar;
import dev.weft.proxy.telemetry.StartTime;
import dev.weft.proxy.testing.KnownSoFar;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;

/// Setting three headers of a head that has them: to constants, or to what formats make of the
/// request (a header, its start, and four of its operators).
public class EditBenchmark extends HotPath {
    private static final Wanted ID = new Wanted(Source.REQUEST, AsciiString.of("x-request-id"));

    private final HttpHeaders headers =
            DefaultHttpHeadersFactory.headersFactory()
                    .withValidation(false)
                    .newHeaders()
                    .set("x-request-id", "6f1c0c1e-8b6a-4b35-9c55-2f0e7a3f6f3d");
    private final RequestSoFar request = new KnownSoFar(headers, "items", "shop");
    private final HeaderEdits constants =
            new HeaderEdits(
                    List.of(constant("x-a", "1"), constant("x-b", "2"), constant("x-c", "3")),
                    List.of());
    private final HeaderEdits formats =
            new HeaderEdits(
                    List.of(
                            format("x-a", new Text(Text.Source.header(0), Integer.MAX_VALUE)),
                            format("x-b", Literal.bytes("t="), StartTime.of("%s.%3f")),
                            format(
                                    "x-c",
                                    LogField.PROTOCOL,
                                    Literal.bytes(" "),
                                    LogField.ROUTE_NAME,
                                    Literal.bytes(" "),
                                    LogField.UPSTREAM_CLUSTER,
                                    Literal.bytes(" "),
                                    LogField.DOWNSTREAM_LOCAL_ADDRESS)),
                    List.of());

    @Benchmark
    public long constants() {
        return constants.apply(headers, request);
    }

    @Benchmark
    public long formats() {
        return formats.apply(headers, request);
    }

    private static HeaderEdits.Edit constant(String name, String value) {
        return new HeaderEdits.Set(name, value, Mode.OVERWRITE);
    }

    private static HeaderEdits.Edit format(String name, LogValue... values) {
        return new HeaderEdits.Write(
                name, new HeaderFormat(List.of(values), List.of(ID)), false, Mode.OVERWRITE);
    }
}
