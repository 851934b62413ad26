package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.http1.RequestEncoder;
import dev.weft.proxy.http1.RequestRules;
import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.http1.StrictRequestDecoder.Turns;
import dev.weft.proxy.http2.Stream.Ending;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Frames mean the same however their bytes are cut into reads, and a request that passes is one
/// request in HTTP/1.1 too.
class FramesFuzzTest {
    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};

    /// @param frames what a client sends after its preface
    @FuzzTest
    void streams_mean_one_thing(byte[] frames) {
        var bytes = Unpooled.wrappedBuffer(PREFACE, SETTINGS, frames);
        var all = new byte[bytes.readableBytes()];
        bytes.readBytes(all);

        var tellings = Cuts.of(all).stream().map(FramesFuzzTest::read).toList();

        assertThat(tellings.get(1)).isEqualTo(tellings.get(0));
        assertThat(tellings.get(2)).isEqualTo(tellings.get(0));
    }

    /// @return what came on each stream
    private static List<String> read(List<ByteBuf> pieces) {
        var teller = new Teller();
        var session = Session.server(8192, 1000, 100, null, teller);
        var channel = new EmbeddedChannel(session);
        session.start();
        Cuts.read(channel, pieces);
        channel.checkException();
        channel.finishAndReleaseAll();
        return teller.told.stream().map(StringBuilder::toString).toList();
    }

    private static final class Teller implements Session.Owner {
        final List<StringBuilder> told = new ArrayList<>();

        @Override
        public Stream.Listener opened(Stream stream) {
            var tells = new StringBuilder();
            told.add(tells);
            return new Stream.Listener() {
                @Override
                public void head(HeaderBlock head, boolean last) {
                    tells.append(head.method).append(head.path).append(head.authority);
                    tells.append(head.fields.entries()).append(last ? "." : "");
                    var request = Http2Messages.request(head);
                    if (request != null && !request.method().equals(HttpMethod.CONNECT)) {
                        isOneRequest(request);
                    }
                }

                @Override
                public void body(HttpContent part) {
                    tells.append(part.content().toString(StandardCharsets.ISO_8859_1));
                    if (part instanceof LastHttpContent last) {
                        tells.append(last.trailingHeaders().entries()).append('.');
                    }
                    part.release();
                }

                @Override
                public void writable() {}

                @Override
                public void ended(Ending how) {}
            };
        }

        @Override
        public void closed(Stream stream) {}
    }

    private static void isOneRequest(HttpRequest request) {
        var authority = request.headers().get(HttpHeaderNames.HOST);
        if (authority == null) {
            return;
        }
        var path = request.uri();
        var fields = request.headers().size();
        request.headers().remove(HttpHeaderNames.CONTENT_LENGTH);
        var withoutLength = request.headers().size();
        var out = new EmbeddedChannel(new RequestEncoder());
        out.writeOutbound(request, new DefaultLastHttpContent());
        var in = new EmbeddedChannel(new StrictRequestDecoder(64 * 1024, 2000, Turns.ANY));
        for (ByteBuf bytes = out.readOutbound(); bytes != null; bytes = out.readOutbound()) {
            in.writeInbound(bytes);
        }
        var read = new ArrayList<HttpRequest>();
        for (HttpObject part = in.readInbound(); part != null; part = in.readInbound()) {
            assertThat(part.decoderResult().isSuccess()).isTrue();
            if (part instanceof HttpRequest again) {
                read.add(again);
            }
            ReferenceCountUtil.release(part);
        }
        out.finishAndReleaseAll();
        in.finishAndReleaseAll();
        assertThat(read).hasSize(1);
        assertThat(read.getFirst().uri()).isEqualTo(path);
        assertThat(read.getFirst().headers().size()).isEqualTo(withoutLength);
        assertThat(fields).isGreaterThanOrEqualTo(withoutLength);
        assertThat(RequestRules.authority(read.getFirst())).isEqualTo(authority);
    }
}
