package dev.weft.proxy.http;

import dev.weft.proxy.cluster.Carrier;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import java.time.Duration;

/// The client's side of one request. Used on its event loop only. Every part that is written is
/// taken.
interface Downstream {
    /// As access logs name it.
    String protocol();

    void writeHead(HttpResponse head, boolean last);

    /// The answer after which there is no HTTP any more; [#takeOver] follows.
    void writeSwitch(HttpResponse head);

    void writeBody(HttpContent part);

    void flush();

    boolean isWritable();

    void pauseReading(boolean paused);

    /// What follows the request may be no HTTP, whatever it looks like: nothing of it is read as
    /// another request. To be called before the answer.
    void endWithAnswer();

    /// The whole answer that is written next comes before the end of the request, whose rest nobody
    /// wants.
    ///
    /// @param trusted whether the client may send another request on the connection
    void leavesRest(boolean trusted);

    /// The answer is complete.
    ///
    /// @param requestComplete otherwise the rest of the request is nobody's
    /// @param idle how long a stream's client may take nothing of what it has still to get; zero:
    ///   without end
    void done(boolean requestComplete, Duration idle);

    /// The answer cannot be completed: the client must see that.
    void abort();

    /// After [#writeSwitch]: what carries the bytes is the caller's.
    Carrier takeOver();
}
