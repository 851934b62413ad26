package dev.weft.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.http1.StrictRequestDecoder.Turns;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrictDecoderTest {
    private static final int MAX_FIELDS = 100;
    private static final String TWO_REQUESTS =
            "POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3;e=1\r\n\n\n\n\r\n0\r\nt: v\r\n\r\n"
                    + "\r\nGET /b HTTP/1.1\r\nhost: y\r\n\r\n";

    @Test
    void requests_are_read_however_their_bytes_come() {
        for (int size = 1; size <= TWO_REQUESTS.length(); size++) {
            var channel =
                    new EmbeddedChannel(new StrictRequestDecoder(1000, MAX_FIELDS, Turns.ANY));
            for (int at = 0; at < TWO_REQUESTS.length(); at += size) {
                write(
                        channel,
                        TWO_REQUESTS.substring(at, Math.min(TWO_REQUESTS.length(), at + size)));
            }

            assertThat(told(channel)).containsExactly("POST /a", "\n\n\n", "GET /b", "");
        }
    }

    @Test
    void a_fold_is_found_however_its_bytes_come() {
        var folded = "GET / HTTP/1.1\r\nhost: x\r\n y\r\n\r\n";
        for (int size = 1; size <= folded.length(); size++) {
            var channel =
                    new EmbeddedChannel(new StrictRequestDecoder(1000, MAX_FIELDS, Turns.ANY));
            for (int at = 0; at < folded.length(); at += size) {
                write(channel, folded.substring(at, Math.min(folded.length(), at + size)));
            }

            assertThat(told(channel)).containsExactly("wrong");
        }
    }

    @Test
    void what_follows_a_tunnels_request_is_kept_as_it_is() {
        var decoder = new StrictRequestDecoder(1000, MAX_FIELDS, Turns.ANY);
        var channel = new EmbeddedChannel(decoder);
        write(channel, "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nGET / HT");
        write(channel, "TP/1.1\r\n\0");

        assertThat(decoder.holds()).isTrue();
        skipHead(channel);
        assertThat(channel.<Object>readInbound()).isNull();

        channel.pipeline().remove(decoder);
        ByteBuf kept = channel.readInbound();
        assertThat(kept.toString(StandardCharsets.ISO_8859_1)).isEqualTo("GET / HTTP/1.1\r\n\0");
        kept.release();
    }

    @Test
    void what_follows_a_tunnels_request_that_is_refused_is_thrown_away() {
        var decoder = new StrictRequestDecoder(1000, MAX_FIELDS, Turns.ANY);
        var channel = new EmbeddedChannel(decoder);
        write(channel, "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nGET / HT");

        decoder.drop();
        write(channel, "TP/1.1\r\nhost: a\r\n\r\n");

        assertThat(decoder.holds()).isFalse();
        channel.pipeline().remove(decoder);
        skipHead(channel);
        assertThat(channel.<Object>readInbound()).isNull();
    }

    @Test
    void what_follows_a_tunnels_request_counts_as_kept_and_never_comes_as_the_next() {
        var decoder = new StrictRequestDecoder(1000, MAX_FIELDS, Turns.ANY);
        var channel = new EmbeddedChannel(decoder);
        write(channel, "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        skipHead(channel);

        decoder.next();
        assertThat(decoder.isWaiting()).isFalse();
        assertThat(decoder.kept()).isEqualTo("GET / HTTP/1.1\r\n\r\n".length());
        assertThat(channel.<Object>readInbound()).isNull();

        decoder.drop();
        assertThat(decoder.kept()).isZero();
        channel.pipeline().remove(decoder);
        assertThat(channel.<Object>readInbound()).isNull();
    }

    @Test
    void an_answer_that_opens_a_tunnel_has_no_body_whatever_it_says() {
        var decoder = new StrictResponseDecoder(100, 1000, MAX_FIELDS);
        var channel = new EmbeddedChannel(decoder);
        decoder.asked(HttpMethod.CONNECT);
        write(channel, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
        skipHead(channel);

        write(channel, "HTTP/1.1 200 OK\r\n\r\n");
        ByteBuf bytes = channel.readInbound();
        assertThat(bytes.toString(StandardCharsets.ISO_8859_1))
                .isEqualTo("HTTP/1.1 200 OK\r\n\r\n");
        bytes.release();
    }

    @Test
    void what_follows_an_answer_is_excess() {
        var decoder = new StrictResponseDecoder(100, 1000, MAX_FIELDS);
        var channel = new EmbeddedChannel(decoder);
        decoder.asked(HttpMethod.HEAD);

        write(channel, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");

        assertThat(decoder.hasExcess()).isTrue();
        told(channel);
    }

    @Test
    void an_answer_after_informational_ones_is_not_excess() {
        var decoder = new StrictResponseDecoder(100, 1000, MAX_FIELDS);
        var channel = new EmbeddedChannel(decoder);
        decoder.asked(HttpMethod.GET);

        write(channel, "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

        assertThat(told(channel)).containsExactly("103", "", "200", "ok");
        assertThat(decoder.hasExcess()).isFalse();
    }

    @Test
    void an_answer_of_two_lengths_is_wrong() {
        for (var lengths :
                List.of(
                        "content-length: 2\r\ntransfer-encoding: chunked",
                        "content-length: 2\r\ncontent-length: 2",
                        "transfer-encoding: gzip")) {
            var decoder = new StrictResponseDecoder(100, 1000, MAX_FIELDS);
            var channel = new EmbeddedChannel(decoder);
            decoder.asked(HttpMethod.GET);

            write(channel, "HTTP/1.1 200 OK\r\n" + lengths + "\r\n\r\n");

            assertThat(told(channel)).startsWith("wrong");
        }
    }

    /// Of a message without a body.
    private static void skipHead(EmbeddedChannel channel) {
        ReferenceCountUtil.release(channel.readInbound());
        assertThat(channel.<Object>readInbound()).isSameAs(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    private static void write(EmbeddedChannel channel, String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private static List<String> told(EmbeddedChannel channel) {
        var told = new ArrayList<String>();
        var body = new StringBuilder();
        for (HttpObject part = channel.readInbound(); part != null; part = channel.readInbound()) {
            if (part.decoderResult().isFailure()) {
                told.add("wrong");
            } else if (part instanceof HttpRequest head) {
                told.add(head.method() + " " + head.uri());
            } else if (part instanceof HttpResponse head) {
                told.add(String.valueOf(head.status().code()));
            } else if (part instanceof HttpContent content) {
                body.append(content.content().toString(StandardCharsets.ISO_8859_1));
                if (part instanceof LastHttpContent) {
                    told.add(body.toString());
                    body.setLength(0);
                }
            }
            ReferenceCountUtil.release(part);
        }
        channel.finishAndReleaseAll();
        return told;
    }
}
