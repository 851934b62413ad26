package dev.weft.proxy.testing;

import dev.weft.proxy.cluster.Carrier;
import dev.weft.proxy.cluster.StreamWaiter;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport;
import dev.weft.proxy.http1.StrictResponseDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A service that answers a call of the proxy's own with these bytes, and then closes.
public final class Answering implements UpstreamStream {
    private static final int MAX_BYTES = 8192;

    private @Nullable Listener listener;
    private boolean over;

    private Answering() {}

    /// @return bytes of the answer that nobody has released
    public static long to(StreamWaiter caller, HttpMethod method, List<ByteBuf> pieces) {
        var stream = new Answering();
        caller.ready(stream);
        var buffers = new UnpooledByteBufAllocator(false);
        var decoder = new StrictResponseDecoder(MAX_BYTES, MAX_BYTES, 100);
        decoder.asked(method);
        var channel = new EmbeddedChannel();
        channel.config().setAllocator(buffers);
        channel.pipeline().addLast(decoder);
        for (var piece : pieces) {
            channel.writeInbound(buffers.buffer().writeBytes(piece));
            piece.release();
            for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
                stream.hears(part);
            }
        }
        channel.finishAndReleaseAll();
        stream.ends(End.CLOSED);
        return buffers.metric().usedHeapMemory() + buffers.metric().usedDirectMemory();
    }

    private void hears(Object message) {
        // What follows a change of protocol is no HTTP.
        if (over || !(message instanceof HttpObject part)) {
            ReferenceCountUtil.release(message);
        } else if (!part.decoderResult().isSuccess()) {
            ReferenceCountUtil.release(part);
            ends(End.MALFORMED);
        } else if (part instanceof HttpResponse head) {
            Objects.requireNonNull(listener).answerHead(head, false);
        } else if (part instanceof HttpContent content) {
            Objects.requireNonNull(listener).answerBody(content);
        }
    }

    private void ends(End how) {
        if (!over) {
            over = true;
            Objects.requireNonNull(listener).upstreamEnded(how);
        }
    }

    @Override
    public Target target() {
        return new Target(new InetSocketAddress("127.0.0.1", 1), new Transport.Clear());
    }

    @Override
    public String endpoint() {
        return target().label();
    }

    @Override
    public @Nullable String peer() {
        return null;
    }

    @Override
    public boolean reused() {
        return false;
    }

    @Override
    public void listen(Listener listener) {
        this.listener = listener;
    }

    @Override
    public void writeHead(HttpRequest head, boolean last) {}

    @Override
    public void writeBody(HttpContent part) {
        part.release();
    }

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public long heldBytes() {
        return 0;
    }

    @Override
    public void pauseReading(boolean paused) {}

    @Override
    public void done() {
        over = true;
    }

    @Override
    public void cancel() {
        over = true;
    }

    @Override
    public void timedOut() {
        over = true;
    }

    @Override
    public Carrier takeOver() {
        throw new UnsupportedOperationException("no call of the proxy's own is taken over");
    }
}
