package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.http1.RequestEncoder;
import dev.weft.proxy.http1.RequestRules;
import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
    private static Map<String, String> read(List<ByteBuf> pieces) {
        var told = new TreeMap<String, String>();
        var channel =
                new EmbeddedChannel(
                        new LocalServerChannel(), // tells Netty that this is the server's side
                        DefaultChannelId.newInstance(),
                        true,
                        false,
                        Http2Settled.server(8192, 100, Faults.UNHEARD),
                        new Http2MultiplexHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel stream) {
                                        stream.pipeline().addLast(new Teller(told));
                                    }
                                }));
        Cuts.read(channel, pieces);
        channel.checkException();
        channel.finishAndReleaseAll();
        return told;
    }

    private static final class Teller extends ChannelInboundHandlerAdapter {
        private final Map<String, String> told;

        Teller(Map<String, String> told) {
            this.told = told;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                switch (message) {
                    case Http2HeadersFrame head -> {
                        tell(head.stream().id(), head.headers() + (head.isEndStream() ? "." : ""));
                        var request = Http2Messages.request(head.headers());
                        if (request != null && !request.method().equals(HttpMethod.CONNECT)) {
                            isOneRequest(request);
                        }
                    }
                    case Http2DataFrame data ->
                            tell(
                                    data.stream().id(),
                                    data.content().toString(StandardCharsets.ISO_8859_1)
                                            + (data.isEndStream() ? "." : ""));
                    default -> {}
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private void tell(int stream, String what) {
            told.merge(Integer.toString(stream), what, String::concat);
        }
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
        var in = new EmbeddedChannel(new StrictRequestDecoder(64 * 1024));
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
