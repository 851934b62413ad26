package dev.weft.proxy.cluster;

import dev.weft.proxy.config.ClusterTable.Target;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import org.jspecify.annotations.Nullable;

/// One request's way to an endpoint: a whole HTTP/1.1 connection, or one stream of an HTTP/2
/// connection. Used on its event loop only. Every part that is written is taken.
public interface UpstreamStream {
    Target target();

    /// The target's label, made once for all streams of a pool.
    String endpoint();

    /// The endpoint's SPIFFE id; null in clear.
    @Nullable String peer();

    /// Whether the connection has carried a request before: it may have been ended meanwhile,
    /// without our knowing.
    boolean reused();

    /// From now on `listener` hears what comes back.
    void listen(Listener listener);

    /// Only reads `head`, and before it returns: another attempt may need it.
    void writeHead(HttpRequest head, boolean last);

    void writeBody(HttpContent part);

    void flush();

    boolean isWritable();

    /// What is kept for the request until the endpoint, or its listener, takes it.
    long heldBytes();

    void pauseReading(boolean paused);

    /// Request and answer are complete: the connection may serve others.
    void done();

    /// Gives up: the endpoint is told, by a reset or a closed connection.
    void cancel();

    /// As [#cancel], because the endpoint did not answer in time.
    void timedOut();

    /// After an upgrade, or an answer that opens a tunnel: what carries it is the caller's.
    Carrier takeOver();

    /// What comes back. Every part that is handed over is the listener's.
    interface Listener {
        /// @param last no body and no trailers follow
        void answerHead(HttpResponse head, boolean last);

        /// The last part is a `LastHttpContent`.
        void answerBody(HttpContent part);

        void answerReadComplete();

        void upstreamWritable();

        /// The stream has ended before its answer was complete. Called at most once, and nothing
        /// after it.
        void upstreamEnded(End how);
    }

    /// How a stream ended early.
    enum End {
        /// The endpoint has certainly not looked at the request.
        REFUSED,
        RESET,
        /// The connection went away.
        CLOSED,
        MALFORMED,
        /// The endpoint has said that it does not take so large a head. Nothing was sent.
        TOO_LARGE
    }
}
