package dev.weft.proxy.http;

import dev.weft.proxy.cluster.BareStream;
import dev.weft.proxy.cluster.Carrier;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.http1.RequestRules;
import dev.weft.proxy.http2.HeaderBlock;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Stream;
import dev.weft.proxy.overload.Account;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.Http2Error;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One stream of a client's HTTP/2 connection: one [Exchange].
final class Http2StreamServer implements Stream.Listener, Downstream, Account {
    static final String PROTOCOL = "HTTP/2";

    private final HttpChain chain;
    private final Stream stream;
    private final Http2Server connection;
    private @Nullable Exchange exchange;
    private boolean paused;

    /// The connection has been told that its client has to go on.
    private boolean awaited;

    /// Its request is a CONNECT: what follows is kept until there is a tunnel.
    private boolean tunnel;

    private boolean clientEnded;

    Http2StreamServer(HttpChain chain, Stream stream, Http2Server connection) {
        this.chain = chain;
        this.stream = stream;
        this.connection = connection;
    }

    @Override
    public void head(HeaderBlock block, boolean last) {
        var head = Http2Messages.request(block);
        var authority = head == null ? null : authority(head);
        if (head == null || authority == null) {
            refuse(head != null && head.method().equals(HttpMethod.HEAD));
            return;
        }
        clientEnded = last;
        if (tunnel) {
            stream.pauseReading(true);
        }
        var next = new Exchange(chain, this, Carried.HTTP2);
        exchange = next;
        next.begin(head, authority, last || tunnel);
        next.requestReadComplete();
        tellAwaited(0);
    }

    /// @param bytes that have come of the request's body
    private void tellAwaited(int bytes) {
        var now = exchange != null && exchange.awaitsRequest() && !paused;
        if (now != awaited) {
            awaited = now;
            connection.awaits(now);
        }
        connection.tellAwaited(now ? bytes : 0);
    }

    /// The client has not gone on with its request, and others want its place.
    void giveWay() {
        if (exchange != null) {
            exchange.giveWay();
        }
    }

    /// Null: the request must be refused.
    private @Nullable String authority(HttpRequest head) {
        if (!head.method().equals(HttpMethod.CONNECT)) {
            return head.headers().get(HttpHeaderNames.HOST);
        }
        tunnel = chain.takesTunnels();
        return tunnel ? RequestRules.tunnel(head) : null;
    }

    private void refuse(boolean headOnly) {
        var why = Refusal.MALFORMED_REQUEST;
        RequestLogger.refused(chain, PROTOCOL, why);
        var answer = LocalAnswer.refusing(why, EmptyHttpHeaders.INSTANCE);
        writeHead(answer, headOnly);
        // After a head that was the last nothing is sent.
        writeBody(new DefaultLastHttpContent(answer.content()));
        flush();
        answerWaits(chain.current().patience().idle());
        stream.refuseRest();
    }

    @Override
    public void body(HttpContent part) {
        var to = exchange;
        if (to == null) {
            part.release();
        } else {
            var bytes = part.content().readableBytes();
            to.requestBody(part);
            to.requestReadComplete();
            tellAwaited(bytes);
        }
    }

    @Override
    public void writable() {
        if (exchange != null) {
            exchange.downstreamWritable();
        }
    }

    @Override
    public void ended(Stream.Ending how) {
        var ended = exchange;
        exchange = null;
        if (ended != null) {
            ended.downstreamGone(
                    how == Stream.Ending.MALFORMED
                            ? Refusal.MALFORMED_REQUEST
                            : Refusal.DOWNSTREAM_GONE);
            tellAwaited(0);
        }
    }

    @Override
    public long heldBytes() {
        return stream.heldBytes() + (exchange == null ? 0 : exchange.heldBytes());
    }

    @Override
    public void reset() {
        if (exchange == null || !exchange.overloaded()) {
            exchange = null;
            tellAwaited(0);
            stream.reset(Http2Error.ENHANCE_YOUR_CALM.code());
        }
    }

    @Override
    public String protocol() {
        return PROTOCOL;
    }

    @Override
    public void writeHead(HttpResponse head, boolean last) {
        stream.writeHead(head, last);
        tellAwaited(0);
    }

    @Override
    public void writeSwitch(HttpResponse head) {
        stream.writeHead(head, false);
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
    public void pauseReading(boolean paused) {
        if (!tunnel) {
            this.paused = paused;
            stream.pauseReading(paused);
            tellAwaited(0);
        }
    }

    /// A stream has one request.
    @Override
    public void endWithAnswer() {}

    /// It is no matter of the connection's.
    @Override
    public void leavesRest(boolean trusted) {}

    @Override
    public void done(boolean requestComplete, Duration idle) {
        exchange = null;
        tellAwaited(0);
        answerWaits(idle);
        if (!requestComplete || tunnel) {
            stream.refuseRest();
        }
    }

    /// All is written. What of it waits for the client has the time of a stream without progress,
    /// and where that has no end, the time of a connection that carries nothing.
    private void answerWaits(Duration idle) {
        if (stream.restWithin(idle.isZero() ? chain.current().patience().unused() : idle)) {
            connection.answerWaits();
        }
    }

    @Override
    public void abort() {
        exchange = null;
        tellAwaited(0);
        stream.reset(Http2Error.INTERNAL_ERROR.code());
    }

    @Override
    public Carrier takeOver() {
        exchange = null;
        return new BareStream(stream, clientEnded);
    }
}
