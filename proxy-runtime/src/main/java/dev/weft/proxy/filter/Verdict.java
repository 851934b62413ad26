package dev.weft.proxy.filter;

import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.HeaderEdits;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a filter wants to be done with a request.
public sealed interface Verdict {
    Pass PASS = new Pass(HeaderEdits.NONE, HeaderEdits.NONE);

    /// The next filter's turn.
    ///
    /// @param answer edits for the answer, whoever makes it
    record Pass(HeaderEdits request, HeaderEdits answer) implements Verdict {}

    /// Nobody else sees the request.
    ///
    /// @param why null: nothing is wrong with it
    /// @param grpcStatus for gRPC's requests
    record Answer(
            @Nullable Refusal why,
            HttpResponseStatus status,
            int grpcStatus,
            String text,
            HeaderEdits answer)
            implements Verdict {}

    /// As `then` says; if a service answers, its body goes to the client at this rate.
    record Slow(long bytesPerSecond, Verdict then) implements Verdict {}

    /// The next filter's turn, and this one hears how the request ends.
    record Watch(Watcher watcher) implements Verdict {}

    interface Watcher {
        /// Called once.
        ///
        /// @param answered the service's answer has gone to the client as a whole
        void ended(boolean answered, long nowNanos);
    }

    /// Later.
    record Delay(Duration time, Verdict then) implements Verdict {}

    /// As `then` says.
    ///
    /// @param over to be called once when the request has ended, in a delay too
    record Counted(Verdict then, Runnable over) implements Verdict {}
}
