package dev.weft.proxy.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.TracingSpec.Export;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.testing.Answering;
import dev.weft.proxy.testing.Cuts;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpMethod;
import java.time.Duration;
import java.util.ArrayList;

/// Whatever a collector answers, it has taken the spans or it has not.
public final class CollectorAnswerProperty {
    private CollectorAnswerProperty() {}

    public static void holds(byte[] answer) {
        var channel = new EmbeddedChannel();
        for (var grpc : new boolean[] {false, true}) {
            var export =
                    new Export(
                            "shop",
                            "otel",
                            grpc,
                            "otel",
                            "/v1/traces",
                            HeaderEdits.NONE,
                            Duration.ofSeconds(1));
            for (var pieces : Cuts.of(answer)) {
                var told = new ArrayList<Boolean>();
                var call = new ExportCall(export, new byte[3], channel.eventLoop(), told::add);
                assertThat(Answering.to(call, HttpMethod.POST, pieces)).isZero();
                assertThat(told).hasSize(1);
            }
        }
        channel.finishAndReleaseAll();
    }
}
