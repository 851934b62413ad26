package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.http2.HeaderBlock;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Stream;
import dev.weft.proxy.http2.Stream.Ending;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/// One request on one stream of an HTTP/2 connection to an endpoint.
final class Http2UpstreamStream implements UpstreamStream, Stream.Listener {
    private final Destination destination;
    private final Stream stream;
    private final @Nullable String peer;
    private final boolean reused;
    private @Nullable Listener listener;
    private long sent;
    private boolean answered;

    /// How the call went is not counted yet: the end of the answer says it.
    private boolean toldLater;

    Http2UpstreamStream(
            Destination destination, Stream stream, @Nullable String peer, boolean reused) {
        this.destination = destination;
        this.stream = stream;
        this.peer = peer;
        this.reused = reused;
        stream.listen(this);
    }

    @Override
    public Target target() {
        return destination.target();
    }

    @Override
    public String endpoint() {
        return destination.label();
    }

    @Override
    public @Nullable String peer() {
        return peer;
    }

    @Override
    public boolean reused() {
        return reused;
    }

    @Override
    public void listen(Listener listener) {
        this.listener = listener;
    }

    @Override
    public void writeHead(HttpRequest head, boolean last) {
        sent = destination.endpoint().vitals().sent();
        // What follows a CONNECT are the tunnel's bytes.
        stream.writeHead(head, last && !head.method().equals(HttpMethod.CONNECT));
    }

    @Override
    public void writeBody(HttpContent part) {
        stream.writeBody(part);
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
    public long heldBytes() {
        return stream.heldBytes();
    }

    @Override
    public void pauseReading(boolean paused) {
        stream.pauseReading(paused);
    }

    @Override
    public void done() {
        listener = null;
        stream.leave();
    }

    @Override
    public void cancel() {
        listener = null;
        stream.reset(Http2Error.CANCEL.code());
    }

    @Override
    public void timedOut() {
        destination.endpoint().timedOut(sent);
        cancel();
    }

    @Override
    public Carrier takeOver() {
        listener = null;
        return new BareStream(stream, answered);
    }

    @Override
    public void head(HeaderBlock block, boolean last) {
        var told = listener;
        if (told == null) {
            return;
        }
        var head = Http2Messages.response(block);
        if (head.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
            // Only load reports want to know.
            toldLater = destination.endpoint().load() != null && GrpcStatus.isToldLater(head, last);
            if (toldLater) {
                destination.endpoint().begins(head.status().code(), sent);
            } else {
                destination.endpoint().answered(GrpcStatus.http(head, last), sent);
            }
        }
        answered = last;
        told.answerHead(head, last);
        told.answerReadComplete();
    }

    @Override
    public void body(HttpContent part) {
        var told = listener;
        if (told == null) {
            part.release();
        } else {
            if (toldLater && part instanceof LastHttpContent end) {
                toldLater = false;
                destination.endpoint().ended(GrpcStatus.http(end.trailingHeaders()));
            }
            told.answerBody(part);
            told.answerReadComplete();
        }
    }

    @Override
    public void writable() {
        if (listener != null) {
            listener.upstreamWritable();
        }
    }

    @Override
    public void ended(Ending how) {
        var told = listener;
        listener = null;
        if (told != null) {
            if (how != Ending.TOO_LARGE) {
                destination.endpoint().failed(Failure.RESET);
            }
            told.upstreamEnded(
                    switch (how) {
                        case REFUSED -> End.REFUSED;
                        case RESET, MALFORMED -> End.RESET;
                        case CLOSED -> End.CLOSED;
                        case TOO_LARGE -> End.TOO_LARGE;
                    });
        }
    }
}
