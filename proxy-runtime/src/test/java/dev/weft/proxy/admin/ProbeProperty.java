package dev.weft.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The ports for the kubelet, and the probes that they pass on, with hostile bytes on both sides.
public final class ProbeProperty {
    private static final InetAddress HERE = InetAddress.ofLiteral("127.0.0.1");
    private static final int MOST_STEPS = 11;

    private ProbeProperty() {}

    /// An annotation is understood or refused with a reason.
    public static void isParsed(String annotation) {
        try {
            for (var probe : Probes.parse(annotation).byPath().values()) {
                assertThat(probe.port()).isBetween(1, 65_535);
                assertThat(probe.timeout())
                        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(60));
                if (probe instanceof Probe.Http http) {
                    assertThat(http.path()).startsWith("/");
                }
            }
        } catch (IllegalArgumentException refused) {
            assertThat(refused.getMessage()).startsWith(Probes.ANNOTATION);
        }
    }

    /// There is a result at once, whatever an application answers, redirects to itself without end
    /// included; and it is asked by one request at a time.
    public static void hasAResult(String host, byte[] answer) {
        var result = new CompletableFuture<ProbeResult>();
        var steps = new Steps(answer);
        var probe = new Probe.Http(false, 8080, "/", host, Map.of(), Duration.ofSeconds(1));
        new HttpProbe(probe, HERE, steps::connect, result).start();

        assertThat(result).isDone();
        assertThat(steps.asked).hasSizeBetween(1, MOST_STEPS);
        steps.asked.forEach(ProbeProperty::isOneRequest);
    }

    private static final class Steps {
        final List<ByteBuf> asked = new ArrayList<>();
        private final byte[] answer;

        Steps(byte[] answer) {
            this.answer = answer;
        }

        ChannelFuture connect(
                InetSocketAddress target,
                ChannelHandler handler,
                CompletableFuture<ProbeResult> result) {
            assertThat(target.getAddress()).isEqualTo(HERE);
            var channel = new EmbeddedChannel(handler);
            var said = Unpooled.buffer();
            for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                said.writeBytes(out);
                out.release();
            }
            asked.add(said);
            channel.writeInbound(Unpooled.copiedBuffer(answer));
            channel.finishAndReleaseAll();
            return channel.newSucceededFuture();
        }
    }

    private static void isOneRequest(ByteBuf said) {
        // The others are in TLS.
        if (!said.toString(StandardCharsets.ISO_8859_1).startsWith("GET ")) {
            said.release();
            return;
        }
        var in =
                new EmbeddedChannel(
                        new StrictRequestDecoder(64 * 1024, 100, StrictRequestDecoder.Turns.ANY));
        in.writeInbound(said);
        var requests = 0;
        for (HttpObject part = in.readInbound(); part != null; part = in.readInbound()) {
            assertThat(part.decoderResult().isSuccess()).isTrue();
            requests += part instanceof HttpRequest ? 1 : 0;
            ReferenceCountUtil.release(part);
        }
        in.finishAndReleaseAll();
        assertThat(requests).isOne();
    }

    /// Bytes at a port lead to answers or to its end, and leave nothing behind.
    public static void isServed(byte[] requests) {
        for (var pieces : Cuts.of(requests)) {
            var buffers = new UnpooledByteBufAllocator(false);
            var channel =
                    new EmbeddedChannel() {
                        @Override
                        protected SocketAddress localAddress0() {
                            return new InetSocketAddress(HERE, 15021);
                        }
                    };
            channel.config().setAllocator(buffers);
            HttpPort.serve(
                    channel.pipeline(),
                    (path, _) -> CompletableFuture.completedFuture(Answer.text(200, path)),
                    new Callers(1).admit(channel));
            for (var piece : pieces) {
                if (channel.isActive()) {
                    channel.writeInbound(buffers.buffer().writeBytes(piece));
                }
                piece.release();
            }
            var said = new StringBuilder();
            for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                said.append(out.toString(StandardCharsets.ISO_8859_1));
                out.release();
            }
            channel.finishAndReleaseAll();
            channel.checkException();
            if (!said.isEmpty()) {
                assertThat(said).startsWith("HTTP/1.1 ");
            }
            assertThat(buffers.metric().usedHeapMemory() + buffers.metric().usedDirectMemory())
                    .isZero();
        }
    }
}
