package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/// A CONNECT that ends here: the endpoint hears nothing of it, only what follows. The connection
/// itself is the answer, 200.
final class TunnelStream implements UpstreamStream {
    private final Target target;
    private final Channel channel;
    private @Nullable Listener listener;
    private boolean asked;

    /// @param channel connected, not read so far
    TunnelStream(Target target, Channel channel) {
        this.target = target;
        this.channel = channel;
        channel.closeFuture().addListener(_ -> ended());
    }

    @Override
    public Target target() {
        return target;
    }

    @Override
    public String endpoint() {
        return target.label();
    }

    @Override
    public @Nullable String peer() {
        return Upstreams.peerOf(channel);
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
    public void writeHead(HttpRequest head, boolean last) {
        asked = true;
    }

    /// Answers, and in the same turn in which the connection was made: nobody hears what the
    /// endpoint says before the tunnel is there.
    @Override
    public void flush() {
        if (asked && listener != null) {
            asked = false;
            listener.answerHead(
                    new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK), false);
        }
    }

    @Override
    public void writeBody(HttpContent part) {
        part.release();
    }

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
        cancel();
    }

    @Override
    public void cancel() {
        listener = null;
        channel.close();
    }

    @Override
    public void timedOut() {
        cancel();
    }

    @Override
    public Carrier takeOver() {
        listener = null;
        return new Bare(channel, () -> {}, () -> {});
    }

    private void ended() {
        var told = listener;
        listener = null;
        if (told != null) {
            told.upstreamEnded(End.CLOSED);
        }
    }
}
