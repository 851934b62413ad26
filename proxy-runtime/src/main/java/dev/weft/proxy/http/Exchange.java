package dev.weft.proxy.http;

import dev.weft.proxy.cluster.RetryBudget;
import dev.weft.proxy.cluster.StreamWaiter;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.HashPolicy;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.PathPolicy;
import dev.weft.proxy.route.PathPolicy.Verdict.Pass;
import dev.weft.proxy.route.PathPolicy.Verdict.Refuse;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteDecision;
import dev.weft.proxy.route.RouteDecision.Forward;
import dev.weft.proxy.tcp.Splice;
import dev.weft.proxy.telemetry.Direction;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The life of one request: routed, sent to an endpoint, again if it may be, and answered.
///
/// ```
/// begin -> (refuse | redirect | answer) -> ended
/// begin -> waiting for a stream -> sending and answering -> ended
///             ^                       |
///             +------- retry ---------+   (only before anything of an answer has gone to the client)
/// ```
final class Exchange implements StreamWaiter, UpstreamStream.Listener {
    private final HttpChain chain;
    private final Downstream downstream;
    private final Carried carried;
    private final RequestLogger log;
    private final ReplayBuffer body = new ReplayBuffer();

    private Set<Target> tried = Set.of();
    private @Nullable HttpRequest request;
    private @Nullable Forward forward;
    private @Nullable String upgrade;
    private @Nullable UpstreamStream stream;
    private @Nullable Target target;
    private @Nullable RetryBudget retrying;
    private @Nullable String newCookie;
    private @Nullable Future<?> timer;
    private long waitingSince;
    private long sentAt;
    private long hash = Hashes.NONE;
    private int attempts;
    private boolean headOnly;
    private boolean requestComplete;
    private boolean sent;
    private boolean answering;
    private boolean switching;
    private boolean ended;

    Exchange(HttpChain chain, Downstream downstream, Carried carried) {
        this.chain = chain;
        this.downstream = downstream;
        this.carried = carried;
        this.log = new RequestLogger(chain, downstream.protocol());
    }

    /// @param last the request has no body
    void begin(HttpRequest head, String authority, boolean last) {
        request = head;
        requestComplete = last;
        headOnly = last;
        log.began(head, authority);
        var config = chain.current();
        upgrade = HeaderHygiene.endHop(head.headers());
        HeaderHygiene.sanitizeRequest(head.headers(), chain.origin(), config.identity());
        switch (config.paths().judge(head.uri())) {
            case Pass(var path) -> {
                head.setUri(path);
                route(head, authority);
            }
            case PathPolicy.Verdict.Redirect(var path) -> toPath(path);
            case Refuse() -> refuse(Refusal.MALFORMED_REQUEST);
        }
    }

    /// gRPC's clients do not follow redirects.
    private void toPath(String path) {
        if (LocalAnswer.isGrpc(requestHeaders())) {
            refuse(Refusal.MALFORMED_REQUEST);
        } else {
            redirect(HttpResponseStatus.TEMPORARY_REDIRECT.code(), path, HeaderEdits.NONE);
        }
    }

    private void route(HttpRequest head, String authority) {
        var routes = chain.routes();
        var decision =
                routes == null
                        ? new RouteDecision.Refuse(Refusal.NO_ROUTE)
                        : routes.decide(
                                new RequestHead(
                                        head.method().name(),
                                        authority,
                                        head.uri(),
                                        head.headers()));
        switch (decision) {
            case Forward to -> forward(head, to);
            case RouteDecision.Redirect(var status, var location, var edits) ->
                    redirect(status, location, edits);
            case RouteDecision.Answer(var status, var text, var edits) ->
                    answer(LocalAnswer.answer(HttpResponseStatus.valueOf(status), text), edits);
            case RouteDecision.Refuse(var why) -> refuse(why);
        }
    }

    /// Takes the part.
    void requestBody(HttpContent part) {
        if (ended) {
            part.release();
            return;
        }
        log.received(part.content().readableBytes());
        if (part instanceof LastHttpContent end) {
            HeaderHygiene.tidyTrailers(end.trailingHeaders());
            requestComplete = true;
            startTimerWhenComplete();
            startAttemptTimer();
        }
        if (stream == null || mayRetry()) {
            body.add(part);
        } else {
            body.close();
        }
        if (stream == null) {
            part.release();
            downstream.pauseReading(body.isFull());
        } else {
            sendBody(part);
        }
    }

    void requestReadComplete() {
        if (stream != null) {
            stream.flush();
        }
    }

    boolean isRequestComplete() {
        return requestComplete;
    }

    /// The request cannot be read further.
    void requestMalformed(Refusal why) {
        if (!ended) {
            cancelStream();
            refuse(why);
        }
    }

    void downstreamWritable() {
        if (stream != null) {
            stream.pauseReading(!downstream.isWritable());
        }
    }

    /// Nobody is there to hear an answer.
    void downstreamGone(Refusal why) {
        if (!ended) {
            cancelStream();
            log.flag(why);
            end();
        }
    }

    private void forward(HttpRequest head, Forward to) {
        forward = to;
        var path = to.rewrite().path();
        if (path != null) {
            head.setUri(path.apply(head.uri()));
        }
        var host = to.rewrite().host();
        if (host != null) {
            head.headers().set(HttpHeaderNames.HOST, host);
        }
        to.request().apply(head.headers());
        head.setProtocolVersion(HttpVersion.HTTP_1_1);
        tie(head, to.hash());
        log.cluster(to.cluster());
        startTimerWhenComplete();
        attempt(to);
    }

    private void tie(HttpRequest head, HashPolicy policy) {
        if (!policy.isEmpty()) {
            var authority = head.headers().get(HttpHeaderNames.HOST, "");
            hash =
                    policy.keyOf(
                            new RequestHead(
                                    head.method().name(), authority, head.uri(), head.headers()),
                            chain.clientAddress(),
                            ThreadLocalRandom.current(),
                            cookie -> newCookie = cookie);
        }
    }

    /// The route's time is the service's, not the client's: it runs from the end of the request.
    private void startTimerWhenComplete() {
        if (requestComplete
                && timer == null
                && !ended
                && forward != null
                && !forward.timeout().isZero()) {
            timer =
                    chain.worker()
                            .upstreams()
                            .loop()
                            .schedule(
                                    this::timedOut,
                                    forward.timeout().toMillis(),
                                    TimeUnit.MILLISECONDS);
        }
    }

    private void attempt(Forward to) {
        if (ended) {
            return;
        }
        attempts++;
        sent = false;
        var cluster = chain.worker().tables().get().clusters().get(to.cluster());
        if (cluster == null) {
            log.flag(Refusal.NO_CLUSTER);
            answer(
                    LocalAnswer.refusing(
                            Refusal.NO_CLUSTER, to.noClusterStatus(), requestHeaders()),
                    HeaderEdits.NONE);
            return;
        }
        waitingSince = System.nanoTime();
        chain.worker().upstreams().stream(cluster, chain.origin(), carried, hash, tried, this);
    }

    @Override
    public boolean cancelled() {
        return ended;
    }

    @Override
    public void failed(Refusal why, @Nullable Target failed) {
        log.held(Duration.ofNanos(System.nanoTime() - waitingSince));
        if (failed != null) {
            avoid(failed);
            log.target(failed);
        }
        var policy = forward == null ? null : forward.retries();
        if (policy != null
                && failed != null
                && why != Refusal.UPSTREAM_OVERFLOW
                && RetryRules.afterConnectFailure(policy)
                && mayRetry()
                && isInBudget(true)) {
            retry();
        } else {
            refuse(why);
        }
    }

    @Override
    public void ready(UpstreamStream ready) {
        log.held(Duration.ofNanos(System.nanoTime() - waitingSince));
        log.target(ready.target());
        log.serverPeer(ready.peer());
        stream = ready;
        target = ready.target();
        ready.listen(this);
        sentAt = System.nanoTime();
        ready.writeHead(copyOfHead(), headOnly);
        if (!headOnly) {
            body.replay(ready::writeBody);
            if (body.isFull() || !mayRetry()) {
                body.close();
            }
        }
        sent = true;
        startAttemptTimer();
        ready.flush();
        downstream.pauseReading(!ready.isWritable());
    }

    private void sendBody(HttpContent part) {
        var to = stream;
        if (to == null) {
            part.release();
            return;
        }
        if (body.isFull()) {
            body.close();
        }
        to.writeBody(part);
        if (!to.isWritable()) {
            to.flush();
            downstream.pauseReading(!to.isWritable());
        }
    }

    /// The edits of an attempt must not show in the next one.
    private HttpRequest copyOfHead() {
        var head = Objects.requireNonNull(request, "begun");
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1, head.method(), head.uri(), head.headers().copy());
    }

    @Override
    public void answerHead(HttpResponse head, boolean last) {
        if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL
                && head.status().code() != HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            HeaderHygiene.endHop(head.headers());
            downstream.writeHead(head, false);
            downstream.flush();
            return;
        }
        var to = forward;
        if (to == null) {
            return;
        }
        if (head.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()
                && upgrade == null) {
            cancelStream();
            refuse(Refusal.UPSTREAM_PROTOCOL_ERROR);
            return;
        }
        if (RetryRules.afterAnswer(to.retries(), head)
                && mayRetry()
                && isBelievable(to, head)
                && isInBudget(head.headers().contains(HeaderHygiene.UNSENT))) {
            rememberFailure();
            cancelStream();
            retry();
            return;
        }
        body.close();
        switching = head.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code();
        answering = true;
        leaveBudget();
        tidyAnswer(to, head);
        log.status(head.status().code());
        downstream.writeHead(head, last);
        if (switching) {
            tunnel();
        } else if (last) {
            answered();
        }
    }

    /// Who did not come by mesh TLS cannot say that a request was not delivered.
    private boolean isBelievable(Forward to, HttpResponse head) {
        return !head.headers().contains(HeaderHygiene.UNSENT)
                || (stream != null && stream.peer() != null)
                || RetryRules.afterAnswer(
                        to.retries(),
                        new DefaultHttpResponse(
                                HttpVersion.HTTP_1_1,
                                head.status(),
                                head.headers().copy().remove(HeaderHygiene.UNSENT)));
    }

    private void tidyAnswer(Forward to, HttpResponse head) {
        var headers = head.headers();
        if (!switching) {
            HeaderHygiene.endHop(headers);
        }
        headers.remove(HeaderHygiene.UNSENT);
        if (newCookie != null) {
            headers.add(HttpHeaderNames.SET_COOKIE, newCookie);
        }
        to.response().apply(headers);
        if (chain.current().addsServiceTime()) {
            headers.set(
                    HeaderHygiene.SERVICE_TIME,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sentAt));
        }
    }

    @Override
    public void answerBody(HttpContent part) {
        if (ended || !answering) {
            part.release();
            return;
        }
        log.answered(part.content().readableBytes());
        var last = part instanceof LastHttpContent;
        if (part instanceof LastHttpContent end) {
            HeaderHygiene.tidyTrailers(end.trailingHeaders());
        }
        downstream.writeBody(part);
        if (last) {
            answered();
        } else if (!downstream.isWritable()) {
            downstream.flush();
            downstreamWritable();
        }
    }

    @Override
    public void answerReadComplete() {
        downstream.flush();
    }

    @Override
    public void upstreamWritable() {
        if (!ended) {
            downstream.pauseReading(false);
        }
    }

    @Override
    public void upstreamEnded(UpstreamStream.End how) {
        var was = stream;
        var reused = was != null && was.reused();
        rememberFailure();
        stream = null;
        if (ended) {
            return;
        }
        if (answering) {
            log.flag(
                    how == UpstreamStream.End.CLOSED
                            ? Refusal.UPSTREAM_RESET
                            : Refusal.UPSTREAM_STREAM_RESET);
            downstream.abort();
            end();
            return;
        }
        var to = forward;
        var method = request == null ? "" : request.method().name();
        if (to != null
                && RetryRules.afterEnd(to.retries(), how, sent, reused, method)
                && mayRetry()
                && isInBudget(
                        how == UpstreamStream.End.REFUSED
                                || (how == UpstreamStream.End.CLOSED && (!sent || reused)))) {
            retry();
            return;
        }
        refuse(
                switch (how) {
                    case REFUSED, RESET -> Refusal.UPSTREAM_STREAM_RESET;
                    case CLOSED -> Refusal.UPSTREAM_RESET;
                    case MALFORMED -> Refusal.UPSTREAM_PROTOCOL_ERROR;
                });
    }

    private boolean mayRetry() {
        return forward != null
                && !answering
                && !ended
                && attempts <= forward.retries().retries()
                && body.canReplay();
    }

    /// Retries must not become a load of their own.
    ///
    /// @param unsent most likely no endpoint has worked on the request yet
    private boolean isInBudget(boolean unsent) {
        leaveBudget();
        var cluster =
                forward == null
                        ? null
                        : chain.worker().tables().get().clusters().get(forward.cluster());
        if (cluster == null) {
            return false;
        }
        var budget = chain.worker().upstreams().retries(cluster);
        if (!budget.tryBegin(unsent)) {
            log.flag(Refusal.UPSTREAM_OVERFLOW);
            return false;
        }
        retrying = budget;
        return true;
    }

    private void leaveBudget() {
        if (retrying != null) {
            retrying.ended();
            retrying = null;
        }
    }

    private void retry() {
        var to = Objects.requireNonNull(forward, "only forwarded requests are retried");
        var pause = RetryRules.pause(to.retries(), attempts, ThreadLocalRandom.current());
        var _ =
                chain.worker()
                        .upstreams()
                        .loop()
                        .schedule(() -> attempt(to), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void redirect(int status, String location, HeaderEdits edits) {
        var response = LocalAnswer.answer(HttpResponseStatus.valueOf(status), "");
        response.headers().set(HttpHeaderNames.LOCATION, location);
        answer(response, edits);
    }

    private void refuse(Refusal why) {
        log.flag(why);
        if (answering) {
            downstream.abort();
            end();
            return;
        }
        var response = LocalAnswer.refusing(why, why.status(), requestHeaders());
        if (why == Refusal.UPSTREAM_CONNECT_FAILED
                && chain.origin().direction() == Direction.INBOUND
                && chain.origin().mtls()) {
            response.headers().set(HeaderHygiene.UNSENT, "true");
        }
        if (why == Refusal.UPSTREAM_OVERFLOW && chain.current().addsServiceTime()) {
            response.headers().set(HeaderHygiene.OVERLOADED, "true");
        }
        answer(response, HeaderEdits.NONE);
    }

    private void answer(FullHttpResponse response, HeaderEdits edits) {
        edits.apply(response.headers());
        log.status(response.status().code());
        log.answered(response.content().readableBytes());
        answering = true;
        var head =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1, response.status(), response.headers());
        if (response.content().isReadable()) {
            downstream.writeHead(head, false);
            downstream.writeBody(new DefaultLastHttpContent(response.content()));
        } else {
            response.release();
            downstream.writeHead(head, true);
        }
        downstream.flush();
        end();
        downstream.done(requestComplete);
    }

    /// The answer's last part has been written.
    private void answered() {
        var done = stream;
        stream = null;
        if (done != null) {
            if (requestComplete) {
                done.done();
            } else {
                done.cancel();
            }
        }
        downstream.flush();
        end();
        downstream.done(requestComplete);
    }

    private void tunnel() {
        var from = stream;
        stream = null;
        if (from == null) {
            return;
        }
        downstream.flush();
        cancelTimer();
        ended = true;
        body.close();
        var client = downstream.takeOver();
        var server = from.takeOver();
        Splice.join(
                client.channel(),
                server.channel(),
                (in, out) -> {
                    log.received(in);
                    log.answered(out);
                    log.write();
                });
        client.stopEncoding().run();
        server.stopEncoding().run();
        client.stopDecoding().run();
        server.stopDecoding().run();
    }

    private HttpHeaders requestHeaders() {
        return request == null ? EmptyHttpHeaders.INSTANCE : request.headers();
    }

    /// One attempt has had its time; the whole request may have more.
    private void attemptTimedOut(int attempt, Forward to) {
        if (ended || attempt != attempts || stream == null) {
            return;
        }
        rememberFailure();
        timeOutStream();
        if (RetryRules.afterTimeout(to.retries()) && mayRetry() && isInBudget(false)) {
            retry();
        } else {
            refuse(Refusal.TIMED_OUT);
        }
    }

    private void startAttemptTimer() {
        var to = forward;
        if (to == null || !requestComplete || stream == null || to.retries().perTry().isZero()) {
            return;
        }
        var attempt = attempts;
        var _ =
                chain.worker()
                        .upstreams()
                        .loop()
                        .schedule(
                                () -> attemptTimedOut(attempt, to),
                                to.retries().perTry().toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    private void timedOut() {
        if (!ended) {
            timeOutStream();
            refuse(Refusal.TIMED_OUT);
        }
    }

    private void cancelStream() {
        var cancelled = stream;
        stream = null;
        if (cancelled != null) {
            cancelled.cancel();
        }
    }

    private void timeOutStream() {
        var late = stream;
        stream = null;
        if (late != null) {
            late.timedOut();
        }
    }

    private void rememberFailure() {
        if (target != null) {
            avoid(target);
        }
    }

    private void avoid(Target failed) {
        if (tried.isEmpty()) {
            tried = new HashSet<>();
        }
        tried.add(failed);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            cancelTimer();
            leaveBudget();
            body.close();
            log.write();
        }
    }
}
