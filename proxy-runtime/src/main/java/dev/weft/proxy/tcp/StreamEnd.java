package dev.weft.proxy.tcp;

import dev.weft.proxy.cluster.BareStream;
import dev.weft.proxy.http2.HeaderBlock;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Stream;
import dev.weft.proxy.overload.Account;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/// An end that is a stream of an HTTP/2 connection.
final class StreamEnd implements End, Stream.Listener, Account {
    private final Stream stream;
    private final boolean peerEnded;
    private @Nullable Heard heard;

    StreamEnd(BareStream bare) {
        this.stream = bare.stream();
        this.peerEnded = bare.peerEnded();
    }

    @Override
    public void begin(Heard heard) {
        this.heard = heard;
        stream.listen(this);
        if (peerEnded) {
            heard.finished();
        } else {
            stream.pauseReading(false);
        }
    }

    @Override
    public void write(ByteBuf bytes) {
        stream.writeBody(Http2Messages.part(bytes, false));
    }

    @Override
    public void flush() {
        stream.flush();
    }

    @Override
    public boolean isWritable() {
        return stream.isWritable();
    }

    @Override
    public void pauseReading(boolean paused) {
        stream.pauseReading(paused);
    }

    @Override
    public long waitingBytes() {
        return stream.heldBytes();
    }

    @Override
    public long heldBytes() {
        return heard == null ? 0 : heard.account().heldBytes();
    }

    @Override
    public void reset() {
        if (heard != null) {
            heard.account().reset();
        }
    }

    @Override
    public void finish() {
        stream.writeBody(LastHttpContent.EMPTY_LAST_CONTENT);
        stream.flush();
    }

    /// It has closed itself when both directions had ended.
    @Override
    public void close() {}

    @Override
    public void abort() {
        heard = null;
        stream.reset(Http2Error.CONNECT_ERROR.code());
    }

    /// [Stream] lets none through.
    @Override
    public void head(HeaderBlock head, boolean last) {}

    @Override
    public void body(HttpContent part) {
        var to = heard;
        if (to == null) {
            part.release();
            return;
        }
        var last = part instanceof LastHttpContent;
        to.bytes(part.content());
        to.readComplete();
        if (last) {
            to.finished();
        }
    }

    @Override
    public void writable() {
        if (heard != null) {
            heard.writable();
        }
    }

    @Override
    public void ended(Stream.Ending how) {
        var to = heard;
        heard = null;
        if (to != null) {
            to.gone();
        }
    }
}
