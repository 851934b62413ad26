package dev.weft.proxy.http;

import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.filter.FilterRequest;
import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.PathPolicy;
import dev.weft.proxy.route.PathPolicy.Verdict.Pass;
import dev.weft.proxy.route.PathPolicy.Verdict.Refuse;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteDecision;
import dev.weft.proxy.route.RouteDecision.Forward;
import dev.weft.proxy.route.StreamLimits;
import dev.weft.proxy.route.Upgrades;
import dev.weft.proxy.tcp.Tunnel;
import dev.weft.proxy.tcp.TunnelLimits;
import dev.weft.proxy.telemetry.Direction;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The life of one request: judged, then answered here or by a service, and told.
///
/// ```
/// begin -> refuse or redirect for its path -> ended
/// begin -> route -> refuse, because of what it wants to change to -> ended
/// begin -> route -> FilterRun -> (refuse | redirect | answer) -> ended
///                   FilterRun -> Forwarding -> answering -> ended
///                                        \-> tunnel -> told when that ends
/// ```
final class Exchange {
    private final HttpChain chain;
    private final Downstream downstream;
    private final Carried carried;
    private final RequestLogger log;
    private final ReplayBuffer body = new ReplayBuffer();

    private @Nullable HttpRequest request;
    private @Nullable RequestHead seen;
    private @Nullable RouteDecision decision;
    private @Nullable FilterRun filters;
    private @Nullable Forwarding forwarding;
    private @Nullable Mirrors mirrors;
    private @Nullable StreamTimers timers;
    private @Nullable Throttle throttle;
    private long bytesPerSecond;
    private long headBytes;
    private @Nullable String upgrade;
    private boolean connect;
    private @Nullable String newCookie;
    private boolean headOnly;
    private boolean requestComplete;
    private boolean answering;
    private boolean ended;

    /// Whether the client keeps to the rules, and does not keep us waiting.
    private boolean trusted = true;

    Exchange(HttpChain chain, Downstream downstream, Carried carried) {
        this.chain = chain;
        this.downstream = downstream;
        this.carried = carried;
        this.log = new RequestLogger(chain, downstream.protocol());
    }

    // What the client's side tells.

    /// @param last the request has no body; a CONNECT has none, what follows it is not told here
    void begin(HttpRequest head, String authority, boolean last) {
        request = head;
        requestComplete = last;
        headOnly = last;
        connect = head.method().equals(HttpMethod.CONNECT);
        log.began(head, authority);
        if (last) {
            log.requestComplete();
        }
        if (!admits(HeadWeight.bytes(head))) {
            refuse(Refusal.OVERLOADED);
            return;
        }
        var config = chain.current();
        if (connect || head.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            // There is none to change to (RFC 9110, 7.8).
            head.headers().remove(HttpHeaderNames.UPGRADE);
        }
        upgrade = HeaderHygiene.endHop(head.headers());
        HeaderHygiene.sanitizeRequest(head.headers(), chain.origin(), config.identity());
        if (config.makesIds() && !head.headers().contains(RequestId.NAME)) {
            head.headers().set(RequestId.NAME, RequestId.of(ThreadLocalRandom.current()));
        }
        if (config.tracing() != null) {
            log.traced(
                    chain.worker()
                            .tracer()
                            .begin(
                                    config.tracing(),
                                    head.headers(),
                                    chain.clientAddress(),
                                    ThreadLocalRandom.current()));
        }
        switch (config.paths().judge(head.uri())) {
            case Pass(var path) -> {
                head.setUri(path);
                route(head, authority);
            }
            case PathPolicy.Verdict.Redirect(var path) -> toPath(path);
            case Refuse() -> refuse(Refusal.MALFORMED_REQUEST);
        }
    }

    /// Takes the part.
    void requestBody(HttpContent part) {
        if (ended) {
            part.release();
            return;
        }
        log.received(part.content().readableBytes());
        moved();
        if (part instanceof LastHttpContent end) {
            HeaderHygiene.tidyTrailers(end.trailingHeaders());
            requestComplete = true;
            log.requestComplete();
            if (timers != null) {
                timers.requestComplete();
            }
            if (forwarding != null) {
                forwarding.requestComplete();
            }
        }
        if (mirrors != null) {
            mirrors.requestBody(part);
        }
        if (forwarding != null) {
            forwarding.requestBody(part);
        } else {
            body.add(part);
            part.release();
            pauseRequest(body.isFull());
        }
    }

    void requestReadComplete() {
        if (forwarding != null) {
            forwarding.requestReadComplete();
        }
        if (mirrors != null) {
            mirrors.flush();
        }
    }

    boolean isRequestComplete() {
        return requestComplete;
    }

    /// The request cannot be read further.
    void requestMalformed(Refusal why) {
        if (!ended) {
            if (forwarding != null) {
                forwarding.cancel();
            }
            refuse(why);
        }
    }

    /// What is kept for it, besides what the client's side keeps.
    long heldBytes() {
        return Math.max(body.heldBytes(), forwarding == null ? 0 : forwarding.heldBytes());
    }

    /// It holds much while memory is short.
    ///
    /// @return whether the client has got an answer that says so; false: it has some of another one
    boolean overloaded() {
        if (answering) {
            downstreamGone(Refusal.OVERLOADED);
            return false;
        }
        requestMalformed(Refusal.OVERLOADED);
        return true;
    }

    /// Whether it waits for the client alone: its request is not whole, and nobody answers yet.
    boolean awaitsRequest() {
        return !requestComplete && !answering && !ended;
    }

    /// The client has not gone on with its request, and others want its place.
    void giveWay() {
        late(Refusal.OVERLOADED);
    }

    void downstreamWritable() {
        if (forwarding != null) {
            forwarding.pauseAnswer(
                    !downstream.isWritable() || (throttle != null && throttle.isWaiting()));
        }
    }

    /// Nobody is there to hear an answer.
    void downstreamGone(Refusal why) {
        if (!ended) {
            log.flag(why);
            end();
        }
    }

    // Where it goes.

    /// gRPC's clients do not follow redirects.
    private void toPath(String path) {
        if (LocalAnswer.isGrpc(requestHeaders())) {
            refuse(Refusal.MALFORMED_REQUEST);
        } else {
            redirect(HttpResponseStatus.TEMPORARY_REDIRECT.code(), path);
        }
    }

    private void route(HttpRequest head, String authority) {
        var routes = chain.routes();
        var looked = looked(head, authority);
        seen = looked;
        var found =
                routes == null ? new RouteDecision.Refuse(Refusal.NO_ROUTE) : routes.decide(looked);
        decision = found;
        log.routed(looked, found);
        var config = chain.current();
        if (!mayChangeTo(found, config.upgrades())) {
            refuse(Refusal.UPGRADE_NOT_ENABLED);
            return;
        }
        timers =
                StreamTimers.of(
                        this,
                        chain.worker().upstreams().loop(),
                        config.patience(),
                        found instanceof Forward to ? to.action().limits() : StreamLimits.NONE,
                        head.headers());
        if (timers != null) {
            timers.start();
        }
        var slots = config.filters();
        if (slots.isEmpty()) {
            filtered();
        } else {
            var run =
                    new FilterRun(
                            this,
                            log,
                            chain.worker().upstreams().loop(),
                            slots,
                            found.filters(),
                            new FilterRequest(
                                    looked,
                                    found instanceof Forward to ? to.cluster() : null,
                                    found instanceof Forward to
                                            ? to.action().descriptors()
                                            : RouteDescriptors.NONE,
                                    chain.clientAddress(),
                                    ThreadLocalRandom.current(),
                                    System.nanoTime()));
            filters = run;
            run.run();
        }
    }

    private RequestHead looked(HttpRequest head, String authority) {
        return new RequestHead(
                head.method().name(), authority, connect ? "" : head.uri(), head.headers());
    }

    private boolean mayChangeTo(RouteDecision found, Upgrades ofListener) {
        var type = connect ? Upgrades.CONNECT : upgrade;
        if (type == null) {
            return true;
        }
        var ofRoute = found instanceof Forward to ? to.action().upgrades() : Upgrades.NONE;
        return ofRoute.allow(type, ofListener);
    }

    /// The body of a service's answer is to go to the client at this rate.
    void slowDown(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /// No filter has kept the request.
    void filtered() {
        switch (decision) {
            case Forward to ->
                    forward(
                            Objects.requireNonNull(request, "begun"),
                            Objects.requireNonNull(seen, "routed"),
                            to);
            case RouteDecision.Redirect(var _, var status, var location, var _, var _) ->
                    redirect(status, location);
            case RouteDecision.Answer(var _, var status, var content, var _, var _) ->
                    answer(
                            LocalAnswer.answering(
                                    HttpResponseStatus.valueOf(status), content, requestHeaders()),
                            HeaderEdits.NONE,
                            RequestLogger.DIRECT_RESPONSE);
            case RouteDecision.Refuse(var why) -> refuse(why);
            case null -> throw new IllegalStateException("has no route yet");
        }
    }

    private void forward(HttpRequest head, RequestHead seen, Forward to) {
        if (to.action().rewrite().path() != null) {
            var target =
                    to.action()
                            .rewrite()
                            .target(head.method().name(), head.uri(), chain.current().paths());
            if (target == null) {
                refuse(Refusal.NO_VALID_PATH);
                return;
            }
            head.setUri(target);
        }
        if (!admitsMore(to.request().apply(head.headers(), log))) {
            refuse(Refusal.OVERLOADED);
            return;
        }
        var ofRoute = to.action().rewrite().host(seen);
        var host = ofRoute == null ? to.host() : ofRoute;
        if (host != null && !HeaderHygiene.changeHost(head, host, to.hostToTell(seen))) {
            refuse(Refusal.NO_VALID_HOST);
            return;
        }
        head.setProtocolVersion(HttpVersion.HTTP_1_1);
        log.cluster(to.cluster());
        if (to.action().replayBytes().isPresent()) {
            body.limit(
                    Math.min(
                            to.action().replayBytes().getAsInt(),
                            chain.current().mostReplayBytes()));
        }
        if (!to.action().mirrors().isEmpty() && !leavesHttp()) {
            mirrors =
                    Mirrors.begin(
                            chain,
                            to.action(),
                            head,
                            body,
                            carried,
                            headOnly,
                            timers == null ? Duration.ZERO : timers.longestLeft());
        }
        var begun =
                new Forwarding(
                        this,
                        chain,
                        log,
                        to,
                        seen,
                        head,
                        body,
                        carried,
                        headOnly,
                        hashOf(head, to));
        forwarding = begun;
        begun.begin();
    }

    /// Counts what edits have made of the request's head, besides what has come.
    boolean admitsMore(long bytes) {
        return bytes == 0 || admits(bytes);
    }

    private boolean admits(long bytes) {
        var admitted = chain.worker().overload().admitsRequest(bytes);
        if (admitted) {
            headBytes += bytes;
        }
        return admitted;
    }

    /// Also gives the client a cookie: not for clusters where that would lead nowhere.
    private long hashOf(HttpRequest head, Forward to) {
        var policy = to.action().hash();
        if (policy.isEmpty()) {
            return Hashes.NONE;
        }
        var cluster = chain.worker().tables().get().clusters().get(to.cluster());
        if (cluster == null || !cluster.spec().balancing().hashes()) {
            return Hashes.NONE;
        }
        var authority = head.headers().get(HttpHeaderNames.HOST, "");
        return policy.keyOf(
                looked(head, authority),
                chain.clientAddress(),
                ThreadLocalRandom.current(),
                cookie -> newCookie = cookie);
    }

    // Its limits.

    private Duration idleLimit() {
        return timers == null ? chain.current().patience().idle() : timers.idleLimit();
    }

    private void moved() {
        if (timers != null) {
            timers.active();
        }
    }

    void idle() {
        late(Refusal.IDLE);
    }

    void tooLong() {
        late(Refusal.TOO_LONG);
    }

    void requestTooSlow() {
        if (!requestComplete) {
            late(Refusal.SLOW_REQUEST);
        }
    }

    /// Who is late is the client while its request is not here, as in Envoy.
    private void late(Refusal why) {
        if (!ended) {
            refuse(why, requestComplete ? why.status() : HttpResponseStatus.REQUEST_TIMEOUT);
        }
    }

    // What the forwarding tells: the service's answer.

    void pauseRequest(boolean paused) {
        if (!ended) {
            downstream.pauseReading(paused);
        }
    }

    boolean isUpgrade() {
        return upgrade != null;
    }

    boolean isConnect() {
        return connect;
    }

    /// Whether it wants to: an answer can be the last of HTTP.
    boolean leavesHttp() {
        return connect || upgrade != null;
    }

    private boolean isSwitch(HttpResponseStatus status) {
        return connect
                ? status.codeClass() == HttpStatusClass.SUCCESS
                : status.code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code();
    }

    void informational(HttpResponse head) {
        moved();
        HeaderHygiene.endHop(head.headers());
        downstream.writeHead(head, false);
        downstream.flush();
    }

    /// @param edits of the route
    void answerHead(Attempt from, HeaderEdits edits, HttpResponse head, boolean last) {
        var switching = isSwitch(head.status());
        answering = true;
        moved();
        var headers = head.headers();
        if (!switching || connect) {
            HeaderHygiene.endHop(headers);
        }
        headers.remove(HeaderHygiene.UNSENT);
        if (newCookie != null) {
            headers.add(HttpHeaderNames.SET_COOKIE, newCookie);
        }
        log.answers(head, RequestLogger.VIA_UPSTREAM);
        edits.apply(headers, log);
        filterEdits().apply(headers, log);
        tellAttempts(headers);
        tellId(headers);
        if (chain.current().addsServiceTime()) {
            headers.set(
                    HeaderHygiene.SERVICE_TIME,
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from.sentAt()));
        }
        log.serviceAnswers();
        log.answering(head);
        if (switching) {
            downstream.writeSwitch(head);
            tunnel(from);
            return;
        }
        downstream.writeHead(head, last);
        if (last) {
            answered(from);
        } else if (bytesPerSecond > 0) {
            throttle =
                    new Throttle(
                            chain.worker().upstreams().loop(),
                            bytesPerSecond,
                            part -> {
                                passBody(from, part);
                                downstream.flush();
                            },
                            this::downstreamWritable);
        }
    }

    /// Takes the part.
    void answerBody(Attempt from, HttpContent part) {
        if (throttle == null) {
            passBody(from, part);
            return;
        }
        if (part instanceof LastHttpContent && leavesConnectionUsable()) {
            // Its end must not look like that of an answer that is cut short.
            from.done(true);
            if (forwarding != null) {
                forwarding.end();
            }
        }
        throttle.add(part);
        downstreamWritable();
    }

    /// Takes the part.
    private void passBody(Attempt from, HttpContent part) {
        log.answered(part.content().readableBytes());
        moved();
        var last = part instanceof LastHttpContent;
        if (part instanceof LastHttpContent end) {
            HeaderHygiene.tidyTrailers(end.trailingHeaders());
            log.trailers(end.trailingHeaders());
        }
        downstream.writeBody(part);
        if (last) {
            answered(from);
        } else if (!downstream.isWritable()) {
            downstream.flush();
            downstreamWritable();
        }
    }

    void answerReadComplete() {
        downstream.flush();
    }

    /// The answer will not be complete.
    void cutShort(Refusal why) {
        log.flag(why);
        end();
        downstream.abort();
    }

    void refuse(Refusal why) {
        refuse(why, why.status());
    }

    /// @param status instead of the refusal's own
    void refuse(Refusal why, HttpResponseStatus status) {
        if (answering) {
            cutShort(why);
            return;
        }
        log.flag(why);
        trusted =
                why != Refusal.MALFORMED_REQUEST
                        && !status.equals(HttpResponseStatus.REQUEST_TIMEOUT);
        var response =
                LocalAnswer.refusing(
                        why, status, leavesHttp() ? EmptyHttpHeaders.INSTANCE : requestHeaders());
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

    private void redirect(int status, String location) {
        var response =
                LocalAnswer.answering(
                        HttpResponseStatus.valueOf(status),
                        Unpooled.EMPTY_BUFFER,
                        requestHeaders());
        response.headers().set(HttpHeaderNames.LOCATION, location);
        answer(response, HeaderEdits.NONE, RequestLogger.DIRECT_RESPONSE);
    }

    /// @param edits besides those of the route and the filters
    void answer(FullHttpResponse response, HeaderEdits edits) {
        answer(response, edits, "");
    }

    /// @param why as the log has it; empty: what was flagged says it
    private void answer(FullHttpResponse response, HeaderEdits edits, String why) {
        if (leavesHttp()) {
            downstream.endWithAnswer();
        }
        log.answers(response, why);
        if (decision != null) {
            edit(response.headers(), decision.response());
        }
        edits.apply(response.headers(), log);
        filterEdits().apply(response.headers(), log);
        tellAttempts(response.headers());
        tellId(response.headers());
        log.answering(response);
        var empty = !response.content().isReadable() || hasNoBody(response.status().code());
        log.answered(empty ? 0 : response.content().readableBytes());
        log.answerComplete();
        answering = true;
        if (!requestComplete) {
            downstream.leavesRest(trusted);
        }
        var head =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1, response.status(), response.headers());
        if (empty) {
            response.release();
            downstream.writeHead(head, true);
        } else {
            downstream.writeHead(head, false);
            downstream.writeBody(new DefaultLastHttpContent(response.content()));
        }
        downstream.flush();
        end();
        downstream.done(requestComplete, idleLimit());
    }

    /// The route's own type of content takes the place of ours, as in Envoy.
    private void edit(HttpHeaders headers, HeaderEdits edits) {
        var plain =
                headers.contains(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN, false);
        if (plain) {
            headers.remove(HttpHeaderNames.CONTENT_TYPE);
        }
        edits.apply(headers, log);
        if (plain && !headers.contains(HttpHeaderNames.CONTENT_TYPE)) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN);
        }
    }

    /// Whatever length the answer tells (RFC 9110, 6.4.1).
    private boolean hasNoBody(int status) {
        return status == HttpResponseStatus.NO_CONTENT.code()
                || status == HttpResponseStatus.NOT_MODIFIED.code()
                || (request != null && request.method().equals(HttpMethod.HEAD));
    }

    /// The answer's last part has been written.
    private void answered(Attempt from) {
        from.done(leavesConnectionUsable());
        if (filters != null) {
            filters.answered();
        }
        downstream.flush();
        log.answerComplete();
        end();
        downstream.done(requestComplete, idleLimit());
    }

    /// Who has refused to leave HTTP may see differently from us what of the bytes was the request:
    /// others' requests stay away.
    private boolean leavesConnectionUsable() {
        return requestComplete && !leavesHttp();
    }

    /// Bytes from now on; the log is written when they have ended.
    private void tunnel(Attempt from) {
        var server = from.handOver();
        var limits = timers == null ? TunnelLimits.NONE : timers.left();
        downstream.flush();
        ended = true;
        stop();
        Tunnel.join(
                chain.worker().upstreams().loop(),
                downstream.takeOver(),
                server.takeOver(),
                limits,
                (in, out, why) -> {
                    if (why != null) {
                        log.flag(why);
                    }
                    log.received(in);
                    log.answered(out);
                    log.write();
                });
    }

    private void tellAttempts(HttpHeaders answer) {
        if (forwarding != null) {
            forwarding.tellClient(answer);
        }
    }

    private void tellId(HttpHeaders answer) {
        if (chain.current().tellsIds()) {
            var id = requestHeaders().get(RequestId.NAME);
            if (id != null) {
                answer.set(RequestId.NAME, id);
            }
        }
    }

    private HeaderEdits filterEdits() {
        return filters == null ? HeaderEdits.NONE : filters.answerEdits();
    }

    private HttpHeaders requestHeaders() {
        return request == null ? EmptyHttpHeaders.INSTANCE : request.headers();
    }

    private void end() {
        if (!ended) {
            ended = true;
            stop();
            log.write();
        }
    }

    /// Nothing is under way for this request any more.
    private void stop() {
        if (throttle != null) {
            throttle.end();
        }
        if (timers != null) {
            timers.end();
        }
        if (filters != null) {
            filters.end();
        }
        if (forwarding != null) {
            forwarding.end();
        }
        if (mirrors != null) {
            mirrors.requestEnded();
        }
        body.close();
        chain.worker().overload().requestEnded(headBytes);
    }
}
