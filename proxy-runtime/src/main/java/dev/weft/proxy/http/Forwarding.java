package dev.weft.proxy.http;

import dev.weft.proxy.cluster.RetryBudget;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.Rewrite.HostRewrite;
import dev.weft.proxy.route.RouteAction.ForwardTo;
import dev.weft.proxy.route.RouteDecision.Forward;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A request's way to the service: one [Attempt], then another one or another one besides, if that
/// may be, until an answer goes to the client.
///
/// ```
/// attempt -> answering -> ended
///    ^  |
///    +--+ retry   (only before anything of an answer has gone to the client)
///    +--+ hedge   (the same, and only once all of the request is here)
/// ```
///
/// Of several attempts the first good answer counts. What goes wrong with one of them does not
/// matter while there are others.
final class Forwarding {
    private static final Deque<Attempt> NO_OTHERS = new ArrayDeque<>(0);

    private final Exchange exchange;
    private final HttpChain chain;
    private final RequestLogger log;
    private final Forward route;
    private final ForwardTo to;
    private final RetryPolicy retries;
    private final HttpRequest head;

    /// For endpoints without a name of their own; null: endpoints' names do not matter.
    private final @Nullable String host;

    private final @Nullable String hostToTell;
    private final ReplayBuffer body;

    /// In which the request came.
    private final Carried carried;

    private final long hash;
    private final boolean headOnly;

    private Set<Target> tried = Set.of();
    private @Nullable Attempt attempt;

    /// Under way beside the newest one.
    private Deque<Attempt> others = NO_OTHERS;

    private @Nullable Future<?> timer;
    private @Nullable Future<?> hedgeTimer;
    private long firstSentAt;

    /// Not counting one that was sent beside the first because of a [HedgeDelay].
    private int attempts;

    /// All of them.
    private int sent;

    /// The next one is sent because one was late.
    private boolean afterTimeout;

    private boolean hedged;
    private boolean answering;
    private boolean ended;

    /// @param seen what the route was chosen by
    /// @param head as it is sent
    /// @param body what has come so far, and will come
    /// @param headOnly the request has no body
    /// @param hash ties the request to an endpoint
    Forwarding(
            Exchange exchange,
            HttpChain chain,
            RequestLogger log,
            Forward route,
            RequestHead seen,
            HttpRequest head,
            ReplayBuffer body,
            Carried carried,
            boolean headOnly,
            long hash) {
        this.exchange = exchange;
        this.chain = chain;
        this.log = log;
        this.route = route;
        this.to = route.action();
        this.retries = to.retries().of(seen);
        this.head = head;
        this.host =
                to.rewrite().host() instanceof HostRewrite.OfEndpoint
                        ? head.headers().get(HttpHeaderNames.HOST, "")
                        : null;
        this.hostToTell = route.hostToTell(seen);
        this.body = body;
        this.carried = carried;
        this.headOnly = headOnly;
        this.hash = hash;
    }

    void begin() {
        if (exchange.isRequestComplete()) {
            startTimer();
        }
        begin(new Attempt(this, null));
    }

    private void begin(Attempt next) {
        if (next.cancelled()) {
            return;
        }
        attempts++;
        send(next);
    }

    private void send(Attempt next) {
        attempt = next;
        var cluster = cluster();
        if (cluster == null) {
            exchange.refuse(Refusal.NO_CLUSTER, to.noClusterStatus());
            return;
        }
        var upstreams = chain.worker().upstreams();
        if (exchange.isConnect() && to.upgrades().endsTunnels()) {
            announce(next);
            upstreams.tunnel(cluster, chain.origin(), to.priority(), hash, tried, next);
            return;
        }
        var protocol = cluster.spec().http().protocolFor(carried);
        if (protocol == Carried.HTTP2 && exchange.isUpgrade()) {
            exchange.refuse(Refusal.UPGRADE_OVER_HTTP2);
            return;
        }
        log.upstreamProtocol(protocol);
        ProtocolChange.apply(head, headOnly, carried, protocol);
        announce(next);
        upstreams.stream(cluster, chain.origin(), protocol, to.priority(), hash, tried, next);
    }

    private void announce(Attempt next) {
        tellService();
        next.waits();
    }

    /// It is written when its attempt has a stream: until then there is no other.
    private void tellService() {
        sent++;
        if (to.attempts().count()) {
            head.headers().set(HeaderHygiene.ATTEMPT_COUNT, Integer.toString(sent));
        }
        if (to.attempts().timeoutRetry() && sent > 1) {
            head.headers().set(HeaderHygiene.IS_TIMEOUT_RETRY, Boolean.toString(afterTimeout));
        }
        afterTimeout = false;
    }

    /// Says in an answer's headers how many attempts there were.
    void tellClient(HttpHeaders answer) {
        if (to.attempts().countInAnswer() && sent > 0) {
            answer.set(HeaderHygiene.ATTEMPT_COUNT, Integer.toString(sent));
        }
    }

    private @Nullable ClusterTable cluster() {
        return chain.worker().tables().get().clusters().get(route.cluster());
    }

    /// Takes the part.
    void requestBody(HttpContent part) {
        var sending = sending();
        if (sending == null || mayRetry() || mayHedge()) {
            body.add(part);
        } else {
            body.close();
        }
        if (sending == null) {
            part.release();
            exchange.pauseRequest(body.isFull());
            return;
        }
        if (body.isFull()) {
            body.close();
        }
        sending.sendBody(part);
        if (!sending.isWritable()) {
            sending.flush();
            exchange.pauseRequest(!sending.isWritable());
        }
    }

    /// The route's time is the service's, not the client's: it runs from the end of the request.
    void requestComplete() {
        startTimer();
        var sending = sending();
        if (sending != null) {
            limit(sending);
            startHedgeTimer();
        }
    }

    void requestReadComplete() {
        var sending = sending();
        if (sending != null) {
            sending.flush();
        }
    }

    void pauseAnswer(boolean paused) {
        if (attempt != null) {
            attempt.pauseReading(paused);
        }
    }

    /// By all attempts.
    long heldBytes() {
        var bytes = attempt == null ? 0 : attempt.heldBytes();
        for (var other : others) {
            bytes += other.heldBytes();
        }
        return bytes;
    }

    /// Nobody waits for an answer any more.
    void cancel() {
        if (attempt != null) {
            attempt.cancel();
        }
        others.forEach(Attempt::cancel);
    }

    /// The request has ended; what is still under way is given up.
    void end() {
        ended = true;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        stopHedgeTimer();
        cancel();
    }

    private void startTimer() {
        if (timer == null && !to.timeout().isZero()) {
            timer = loop().schedule(this::timedOut, to.timeout().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void timedOut() {
        if (!ended) {
            if (attempt != null) {
                attempt.timedOut();
            }
            others.forEach(Attempt::timedOut);
            exchange.refuse(Refusal.TIMED_OUT);
        }
    }

    private void limit(Attempt sending) {
        if (!retries.perTry().isZero()) {
            sending.limit(retries.perTry(), loop());
        }
    }

    // What an attempt tells.

    /// It has not got a stream.
    void unsent(Attempt from, Refusal why, @Nullable Target failed) {
        if (others.isEmpty()) {
            log.held(from.waited());
        }
        if (failed != null) {
            avoid(failed);
            log.target(failed);
        }
        if (leavesItToOthers(from)) {
            return;
        }
        if (failed == null
                || why == Refusal.UPSTREAM_OVERFLOW
                || !RetryRules.afterConnectFailure(retries)
                || !mayRetry()
                || !retry(from, true)) {
            exchange.refuse(why);
        }
    }

    /// It has a stream.
    void ready(Attempt from) {
        if (others.isEmpty()) {
            log.held(from.waited());
        }
        tell(from);
        if (!nameFor(from)) {
            from.cancel();
            exchange.refuse(Refusal.NO_VALID_HOST);
            return;
        }
        from.sendHead(head, headOnly);
        if (!headOnly) {
            body.replay(from::sendBody);
            if (body.isFull() || !(mayRetry() || mayHedge())) {
                body.close();
            }
        }
        if (firstSentAt == 0) {
            firstSentAt = from.sentAt();
        }
        if (exchange.isRequestComplete()) {
            limit(from);
            startHedgeTimer();
        }
        from.sent();
        exchange.pauseRequest(!from.isWritable());
    }

    /// Calls the endpoint by its own name, where the route wants it.
    ///
    /// @return false: its name is none
    private boolean nameFor(Attempt from) {
        var target = from.target();
        if (host == null || target == null) {
            return true;
        }
        if (target.hostname().isEmpty()) {
            head.headers().set(HttpHeaderNames.HOST, host);
            return true;
        }
        return HeaderHygiene.changeHost(head, target.hostname(), hostToTell);
    }

    void answerHead(Attempt from, HttpResponse answer, boolean last) {
        if (ended || (answering && from != attempt)) {
            from.cancel();
            return;
        }
        var status = answer.status().code();
        if (answer.status().codeClass() == HttpStatusClass.INFORMATIONAL
                && status != HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            if (others.isEmpty()) {
                exchange.informational(answer);
            }
            return;
        }
        if (from.peer() == null) {
            // Who did not come by mesh TLS cannot say that a request was not delivered.
            answer.headers().remove(HeaderHygiene.UNSENT);
        }
        if (!isGood(answer) && leavesItToOthers(from)) {
            return;
        }
        if (status == HttpResponseStatus.SWITCHING_PROTOCOLS.code() && !exchange.isUpgrade()) {
            from.cancel();
            exchange.refuse(Refusal.UPSTREAM_PROTOCOL_ERROR);
            return;
        }
        if (RetryRules.afterAnswer(retries, answer)
                && mayRetry()
                && retry(
                        from,
                        answer.headers().contains(HeaderHygiene.UNSENT),
                        RetryRules.pauseAsked(retries, answer, ThreadLocalRandom.current()))) {
            return;
        }
        answering = true;
        body.close();
        from.leaveBudget();
        choose(from);
        exchange.answerHead(from, route.response(), answer, last);
    }

    /// Takes the part.
    void answerBody(Attempt from, HttpContent part) {
        if (ended || !answering || from != attempt) {
            part.release();
        } else {
            exchange.answerBody(from, part);
        }
    }

    void answerReadComplete() {
        exchange.answerReadComplete();
    }

    void writable(Attempt from) {
        if (!ended && from == attempt) {
            exchange.pauseRequest(false);
        }
    }

    /// Its stream has ended before its answer was complete.
    ///
    /// @param reused whether the connection had carried requests before
    void ended(Attempt from, UpstreamStream.End how, boolean reused) {
        if (ended) {
            return;
        }
        if (answering) {
            exchange.cutShort(
                    how == UpstreamStream.End.CLOSED
                            ? Refusal.UPSTREAM_RESET
                            : Refusal.UPSTREAM_STREAM_RESET);
            return;
        }
        if (leavesItToOthers(from)) {
            return;
        }
        var unsent =
                how == UpstreamStream.End.REFUSED
                        || (how == UpstreamStream.End.CLOSED && (!from.hasSent() || reused));
        if (RetryRules.afterEnd(retries, how, from.hasSent(), reused, head.method().name())
                && mayRetry()
                && retry(from, unsent)) {
            return;
        }
        exchange.refuse(
                switch (how) {
                    case REFUSED, RESET -> Refusal.UPSTREAM_STREAM_RESET;
                    case CLOSED -> Refusal.UPSTREAM_RESET;
                    case MALFORMED -> Refusal.UPSTREAM_PROTOCOL_ERROR;
                    case TOO_LARGE -> Refusal.HEADERS_TOO_LARGE_FOR_SERVICE;
                });
    }

    /// It has had its time without an answer; the whole request may have more.
    void late(Attempt from) {
        if (ended || answering || !from.isSending()) {
            return;
        }
        if (to.hedging().afterPerTryTimeout()) {
            hedgeInsteadOfRetry(from);
            return;
        }
        from.timedOut();
        if (leavesItToOthers(from)) {
            return;
        }
        afterTimeout = true;
        if (!RetryRules.afterSilence(retries) || !mayRetry() || !retry(from, false)) {
            exchange.refuse(Refusal.TIMED_OUT);
        }
    }

    /// The attempt goes on; with no retry left it has as long as the request.
    private void hedgeInsteadOfRetry(Attempt late) {
        if (late == attempt && mayRetry()) {
            var budget = budget(false);
            if (budget != null) {
                attempts++;
                afterTimeout = true;
                hedge(budget);
            }
        }
    }

    private void startHedgeTimer() {
        var delay = to.hedging().delay();
        if (delay == null || hedgeTimer != null || !mayHedge()) {
            return;
        }
        var time = delay.at(System.nanoTime());
        if (time != null) {
            hedgeTimer =
                    loop().schedule(this::hedgeDelayOver, time.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void stopHedgeTimer() {
        if (hedgeTimer != null) {
            hedgeTimer.cancel(false);
            hedgeTimer = null;
        }
    }

    /// A retry that runs by then is hedge enough.
    private void hedgeDelayOver() {
        if (!mayHedge() || attempts > 1 || sending() == null) {
            return;
        }
        var cluster = cluster();
        var budget =
                cluster == null ? null : chain.worker().upstreams().retries(cluster, to.priority());
        if (budget != null && budget.tryBegin(false)) {
            hedged = true;
            hedge(budget);
        }
    }

    private boolean mayHedge() {
        return to.hedging().delay() != null
                && !hedged
                && !answering
                && !ended
                && body.canReplay()
                && !exchange.leavesHttp()
                && RetryRules.mayRepeat(retries, head.method().name());
    }

    /// Sends another attempt beside the newest.
    private void hedge(RetryBudget budget) {
        var late = attempt;
        if (late != null) {
            if (others.isEmpty()) {
                others = new ArrayDeque<>();
            }
            others.addLast(late);
            if (late.target() != null) {
                avoid(late.target());
            }
        }
        send(new Attempt(this, budget));
    }

    private boolean isGood(HttpResponse answer) {
        return answer.status().code() < HttpResponseStatus.INTERNAL_SERVER_ERROR.code()
                && !RetryRules.afterAnswer(retries, answer);
    }

    /// Gives up an attempt that went wrong, if it is not the only one.
    private boolean leavesItToOthers(Attempt failed) {
        if (others.isEmpty()) {
            return false;
        }
        if (failed == attempt) {
            var left = others.removeLast();
            attempt = left;
            tell(left);
        } else {
            others.remove(failed);
        }
        if (failed.target() != null) {
            avoid(failed.target());
        }
        failed.cancel();
        return true;
    }

    private void tell(Attempt from) {
        if (from.target() != null) {
            log.endpoint(from.endpoint());
        }
        log.serverPeer(from.peer());
    }

    /// Its answer is the request's.
    private void choose(Attempt first) {
        stopHedgeTimer();
        var delay = to.hedging().delay();
        if (delay != null) {
            var now = System.nanoTime();
            delay.answered(Duration.ofNanos(now - firstSentAt), now);
        }
        if (others.isEmpty()) {
            return;
        }
        others.addLast(Objects.requireNonNull(attempt, "the newest"));
        others.remove(first);
        others.forEach(Attempt::cancel);
        others = NO_OTHERS;
        attempt = first;
        tell(first);
    }

    private boolean mayRetry() {
        return !answering && !ended && attempts <= retries.retries() && body.canReplay();
    }

    /// Puts another attempt in the place of this one, unless retries would become a load of their
    /// own.
    ///
    /// @param unsent most likely no endpoint has worked on the request yet
    private boolean retry(Attempt failed, boolean unsent) {
        return retry(failed, unsent, null);
    }

    /// @param asked how long the endpoint asks to wait
    private boolean retry(Attempt failed, boolean unsent, @Nullable Duration asked) {
        failed.leaveBudget();
        var budget = budget(unsent);
        if (budget == null) {
            return false;
        }
        if (failed.target() != null) {
            avoid(failed.target());
        }
        failed.cancel();
        var next = new Attempt(this, budget);
        attempt = next;
        var pause =
                asked == null
                        ? RetryRules.pause(retries, attempts, ThreadLocalRandom.current())
                        : asked;
        var _ = loop().schedule(() -> begin(next), pause.toMillis(), TimeUnit.MILLISECONDS);
        return true;
    }

    private @Nullable RetryBudget budget(boolean unsent) {
        var cluster = cluster();
        if (cluster == null) {
            return null;
        }
        var budget = chain.worker().upstreams().retries(cluster, to.priority());
        if (!budget.tryBegin(unsent)) {
            log.flag(Refusal.UPSTREAM_OVERFLOW);
            return null;
        }
        return budget;
    }

    private void avoid(Target failed) {
        if (tried.isEmpty()) {
            tried = new HashSet<>();
        }
        tried.add(failed);
    }

    private @Nullable Attempt sending() {
        return attempt != null && attempt.isSending() ? attempt : null;
    }

    private EventLoop loop() {
        return chain.worker().upstreams().loop();
    }
}
