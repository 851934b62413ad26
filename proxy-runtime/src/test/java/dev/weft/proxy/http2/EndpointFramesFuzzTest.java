package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.http2.Stream.Ending;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Whatever an endpoint sends, each request ends once, no buffer is lost, and what nobody takes is
/// bounded; and it means the same however its bytes are cut into reads.
class EndpointFramesFuzzTest {
    private static final byte[] SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    private static final int PREFACE_BYTES = 24;
    private static final int HEAD_BYTES = 9;
    private static final int HEADERS = 1;
    private static final int GOAWAY = 7;
    private static final int MAX_HEADER_BYTES = 8192;

    /// More than the stream that is not read may keep.
    private static final int MANY_BYTES = Session.STREAM_WINDOW + Session.STREAM_WINDOW / 4;

    private static final int READ_BYTES = 16 * 1024;

    /// What two streams that are not read keep, in buffers that may be half full, and what is on
    /// its way.
    private static final int MOST_HELD_BYTES = 2 * 2 * Session.STREAM_WINDOW + MANY_BYTES / 4;

    /// @param frames what an endpoint sends after its settings
    @FuzzTest
    void every_request_ends_once(byte[] frames) {
        var all = Unpooled.wrappedBuffer(SETTINGS, frames);
        var bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);

        var tellings = Cuts.of(bytes).stream().map(EndpointFramesFuzzTest::read).toList();

        assertThat(tellings.get(1)).isEqualTo(tellings.get(0));
        assertThat(tellings.get(2)).isEqualTo(tellings.get(0));
        if (frames.length > 0) {
            readOverAndOver(frames);
        }
    }

    private static List<String> read(List<ByteBuf> pieces) {
        var endpoint = new Endpoint();
        pieces.forEach(endpoint::sends);
        return endpoint.ends();
    }

    private static void readOverAndOver(byte[] frames) {
        var endpoint = new Endpoint();
        endpoint.sends(Unpooled.copiedBuffer(SETTINGS));
        var many = Unpooled.buffer(READ_BYTES + frames.length);
        while (many.readableBytes() < READ_BYTES) {
            many.writeBytes(frames);
        }
        for (int sent = 0; sent < MANY_BYTES && endpoint.channel.isActive(); ) {
            endpoint.sends(many.copy());
            sent += many.readableBytes();
        }
        endpoint.ends();
    }

    /// A connection to it, with a request of each kind.
    private static final class Endpoint {
        final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(false);
        final EmbeddedChannel channel = new EmbeddedChannel();
        final ByteArrayOutputStream said = new ByteArrayOutputStream();
        final List<Call> calls = new ArrayList<>();
        final Session session =
                Session.client(
                        MAX_HEADER_BYTES,
                        100,
                        null,
                        stream ->
                                calls.stream()
                                        .filter(call -> call.stream == stream)
                                        .forEach(call -> call.closed++));

        Endpoint() {
            channel.config().setAllocator(buffers);
            channel.pipeline().addLast(session);
            session.start();
            call(HttpMethod.GET, true, false);
            var post = call(HttpMethod.POST, false, false);
            post.stream.writeBody(new DefaultHttpContent(body(100_000)));
            post.stream.writeBody(
                    new DefaultLastHttpContent(body(1), new Fields().add("trailer", "t")));
            call(HttpMethod.GET, true, true);
            call(HttpMethod.CONNECT, false, true);
            call(HttpMethod.HEAD, true, false);
            channel.runPendingTasks();
            takeSaid();
        }

        private ByteBuf body(int length) {
            return buffers.buffer(length).writeZero(length);
        }

        private Call call(HttpMethod method, boolean last, boolean paused) {
            var call = new Call(session.open(), method.equals(HttpMethod.CONNECT));
            calls.add(call);
            call.stream.listen(call);
            call.stream.pauseReading(paused);
            var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, "/", new Fields());
            head.headers().add("host", "web").add("x", "y".repeat(100));
            call.stream.writeHead(head, last);
            call.stream.flush();
            return call;
        }

        /// Takes the bytes.
        void sends(ByteBuf bytes) {
            if (channel.isActive()) {
                channel.writeInbound(buffers.buffer().writeBytes(bytes));
                takeSaid();
                assertThat(heldBytes()).isLessThan(MOST_HELD_BYTES);
            }
            bytes.release();
        }

        private void takeSaid() {
            for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                var bytes = new byte[out.readableBytes()];
                out.readBytes(bytes);
                said.writeBytes(bytes);
                out.release();
            }
        }

        private long heldBytes() {
            return buffers.metric().usedHeapMemory() + buffers.metric().usedDirectMemory();
        }

        List<String> ends() {
            call(HttpMethod.GET, true, false);
            calls.forEach(call -> call.stream.pauseReading(false));
            channel.runPendingTasks();
            takeSaid();
            // The connection is gone: the session would wait for its streams.
            if (channel.isActive()) {
                channel.pipeline().firstContext().close();
            }
            channel.runPendingTasks();
            channel.finishAndReleaseAll();
            channel.checkException();
            assertThat(heldBytes()).as("bytes that nobody has released").isZero();
            calls.forEach(Call::verify);
            verifySaid();
            return calls.stream().map(call -> call.told.toString()).toList();
        }

        /// They are whole frames that one with the usual tables understands, and no bug's last
        /// words.
        private void verifySaid() {
            var headers = new BlockDecoder(MAX_HEADER_BYTES, 100);
            var frames = Unpooled.wrappedBuffer(said.toByteArray()).skipBytes(PREFACE_BYTES);
            while (frames.isReadable()) {
                assertThat(frames.readableBytes()).isGreaterThanOrEqualTo(HEAD_BYTES);
                var length = frames.readUnsignedMedium();
                var type = frames.readByte();
                frames.skipBytes(HEAD_BYTES - 4);
                var content = frames.readSlice(length);
                if (type == HEADERS) {
                    assertThatCode(() -> headers.decodeHeaders(1, content))
                            .doesNotThrowAnyException();
                }
                if (type == GOAWAY) {
                    assertThat((long) content.getInt(4))
                            .as(content.toString(StandardCharsets.UTF_8))
                            .isNotEqualTo(Http2Error.INTERNAL_ERROR.code());
                }
            }
        }
    }

    private static final class Call implements Stream.Listener {
        final StringBuilder told = new StringBuilder();
        final Stream stream;
        private final boolean tunnel;
        private int closed;
        private int complete;
        private int ended;
        private boolean moreAfterEnd;

        Call(Stream stream, boolean tunnel) {
            this.stream = stream;
            this.tunnel = tunnel;
        }

        @Override
        public void head(HeaderBlock head, boolean last) {
            heard(last);
            told.append(head.status).append(head.fields.entries()).append(last ? "." : "");
        }

        @Override
        public void body(HttpContent part) {
            heard(part instanceof LastHttpContent);
            told.append(part.content().toString(StandardCharsets.ISO_8859_1));
            if (part instanceof LastHttpContent last) {
                told.append(last.trailingHeaders().entries()).append('.');
            }
            part.release();
        }

        private void heard(boolean last) {
            moreAfterEnd |= complete + ended > 0;
            complete += last ? 1 : 0;
        }

        @Override
        public void writable() {
            moreAfterEnd |= ended > 0;
        }

        @Override
        public void ended(Ending how) {
            ended++;
            told.append(how);
        }

        /// The endpoint's end of a tunnel is not all of it.
        void verify() {
            assertThat(moreAfterEnd).as("more than its end: %s", told).isFalse();
            assertThat(complete).isLessThanOrEqualTo(1);
            assertThat(ended).isLessThanOrEqualTo(1);
            assertThat(complete + ended).as("%s", told).isBetween(1, tunnel ? 2 : 1);
            assertThat(closed).as("times that the owner heard of the end").isOne();
        }
    }
}
