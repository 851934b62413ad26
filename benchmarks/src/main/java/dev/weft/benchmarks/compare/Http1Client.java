package dev.weft.benchmarks.compare;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One request at a time; the answer's status and length are held against what is expected.
final class Http1Client extends ChannelInboundHandlerAdapter implements Client {
    private static final ByteBuf REQUEST =
            Bodies.constant(
                    """
                    GET /bench HTTP/1.1\r
                    host: app.bench.svc.cluster.local\r
                    user-agent: weft-benchmark\r
                    accept: */*\r
                    \r
                    """);
    private static final ByteBuf HEAD_END = Bodies.constant("\r\n\r\n");
    private static final String STATUS = "http/1.1 200 ";
    private static final String LENGTH = "\r\ncontent-length: ";

    private final int body;
    private final Listener listener;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Slot current;
    private ByteBuf head = Unpooled.EMPTY_BUFFER;

    /// Of the answer's body; negative while its head is awaited.
    private int missing = -1;

    Http1Client(int body, Listener listener) {
        this.body = body;
        this.listener = listener;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void send(Slot slot) {
        current = slot;
        if (context != null) {
            context.writeAndFlush(REQUEST.duplicate(), context.voidPromise());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        var bytes = (ByteBuf) message;
        try {
            while (bytes.isReadable()) {
                if (missing < 0) {
                    head(bytes);
                } else {
                    int taken = Math.min(missing, bytes.readableBytes());
                    bytes.skipBytes(taken);
                    missing -= taken;
                }
                if (missing == 0) {
                    missing = -1;
                    answered();
                }
            }
        } finally {
            bytes.release();
        }
    }

    /// Takes the head if it is whole, else all there is.
    private void head(ByteBuf bytes) {
        var all = head.isReadable() ? head.writeBytes(bytes) : bytes;
        int end = ByteBufUtil.indexOf(HEAD_END, all);
        if (end < 0) {
            if (all == bytes) {
                head = Unpooled.buffer(512).writeBytes(bytes);
            }
            return;
        }
        var text = all.readCharSequence(end - all.readerIndex() + 2, StandardCharsets.US_ASCII);
        all.skipBytes(2);
        judge(text.toString().toLowerCase(Locale.ROOT));
        if (all != bytes) {
            missing -= all.readableBytes();
            head = Unpooled.EMPTY_BUFFER;
        }
    }

    private void judge(String text) {
        int length = text.indexOf(LENGTH);
        if (!text.startsWith(STATUS) || length < 0) {
            fail("answer " + text.lines().findFirst().orElse(""));
            return;
        }
        int from = length + LENGTH.length();
        missing = Integer.parseInt(text, from, text.indexOf('\r', from), 10);
        if (missing != body) {
            fail("answer of " + missing + " bytes");
        }
    }

    private void answered() {
        var answered = current;
        current = null;
        if (answered == null) {
            listener.failed("an answer that nobody has asked for");
        } else {
            listener.answered(answered, body);
        }
    }

    private void fail(String why) {
        listener.failed(why);
        if (context != null) {
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) {
        if (current != null) {
            listener.failed("connection closed");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        fail(cause.toString());
    }
}
