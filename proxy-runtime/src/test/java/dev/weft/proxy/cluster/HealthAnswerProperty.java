package dev.weft.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.weft.proxy.config.Bytes;
import dev.weft.proxy.config.HealthCheck.Grpc;
import dev.weft.proxy.config.HealthCheck.Http;
import dev.weft.proxy.config.HealthCheck.Statuses;
import dev.weft.proxy.health.Answer;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.testing.Answering;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Whatever an endpoint answers when it is asked whether it is well, there is one finding, the same
/// however the bytes come.
public final class HealthAnswerProperty {
    private static final Http HTTP =
            new Http(
                    "",
                    "/healthz",
                    HttpMethod.GET,
                    HeaderEdits.NONE,
                    List.of(new Statuses(200, 300)),
                    List.of(new Statuses(500, 504)),
                    false,
                    null);

    private static final List<String> EXPECTED = List.of("pong", "!");

    private HealthAnswerProperty() {}

    public static void http(byte[] answer) {
        var findings = new ArrayList<Answer>();
        for (var pieces : Cuts.of(answer)) {
            var told = new ArrayList<Answer>();
            var turn = new HttpAsking.Turn(new HttpAsking.Plain(HTTP, "web"), told::add);
            assertThat(Answering.to(turn, HttpMethod.GET, pieces)).isZero();
            assertThat(told).hasSize(1);
            findings.addAll(told);
        }
        assertThat(findings).containsOnly(findings.getFirst());
        if (findings.getFirst().isGood()) {
            assertThat(new String(answer, StandardCharsets.ISO_8859_1))
                    .containsPattern("HTTP/1\\.[01] 2");
        }
    }

    /// @param body of an answer that is otherwise well
    public static void grpc(byte[] body) {
        var form = new HttpAsking.GrpcForm(new Grpc("shop", "", HeaderEdits.NONE), "web");
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        var well = new DefaultHttpHeaders().set("grpc-status", "0");
        var finding = form.judge(head, Unpooled.wrappedBuffer(body), well);

        assertThat(finding).isIn(Answer.PASSED, Answer.FAILED);
        if (finding == Answer.PASSED) {
            assertThat(body.length).isGreaterThan(6);
            assertThat(body[0]).isZero();
        }
        assertThat(form.judge(head, Unpooled.wrappedBuffer(body), new DefaultHttpHeaders()))
                .isEqualTo(Answer.FAILED);
    }

    public static void tcp(byte[] heard) {
        var expected =
                EXPECTED.stream().map(part -> new Bytes(ByteString.copyFromUtf8(part))).toList();
        var text = new String(heard, StandardCharsets.ISO_8859_1);
        var first = text.indexOf(EXPECTED.getFirst());
        var there = first >= 0 && text.indexOf(EXPECTED.getLast(), first + 4) >= 0;

        assertThat(TcpAsking.contains(Unpooled.wrappedBuffer(heard), expected)).isEqualTo(there);
    }
}
