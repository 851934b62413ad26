package dev.weft.proxy.http;

import dev.weft.proxy.filter.FilterOverride;
import dev.weft.proxy.filter.FilterRequest;
import dev.weft.proxy.filter.FilterSlot;
import dev.weft.proxy.filter.Verdict;
import dev.weft.proxy.refusal.LocalAnswer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.EditChain;
import dev.weft.proxy.route.HeaderEdits;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A request's way through the listener's filters, in the listener's order, each as the request's
/// route has it.
final class FilterRun {
    private final Exchange exchange;
    private final RequestLogger log;
    private final EventLoop loop;
    private final List<FilterSlot> slots;
    private final Map<String, FilterOverride> route;
    private final FilterRequest request;

    private HeaderEdits answer = HeaderEdits.NONE;
    private @Nullable Future<?> timer;
    private @Nullable Runnable over;
    private boolean answered;
    private int next;

    /// @param route its settings
    FilterRun(
            Exchange exchange,
            RequestLogger log,
            EventLoop loop,
            List<FilterSlot> slots,
            Map<String, FilterOverride> route,
            FilterRequest request) {
        this.exchange = exchange;
        this.log = log;
        this.loop = loop;
        this.slots = slots;
        this.route = route;
        this.request = request;
    }

    /// Tells the exchange when all filters have let the request pass, or one has answered.
    void run() {
        while (next < slots.size()) {
            var filter = slots.get(next).in(route);
            next++;
            if (filter != null && !follow(filter.judge(request))) {
                return;
            }
        }
        exchange.filtered();
    }

    /// Edits that the filters so far want for the answer.
    HeaderEdits answerEdits() {
        return answer;
    }

    /// The service's answer has gone to the client as a whole.
    void answered() {
        answered = true;
    }

    /// The request has ended, wherever it was.
    void end() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        if (over != null) {
            over.run();
            over = null;
        }
    }

    /// @return whether the next filter's turn has come
    private boolean follow(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Pass(var forRequest, var forAnswer) -> {
                answer = EditChain.both(forAnswer, answer);
                if (!exchange.admitsMore(forRequest.apply(request.head().headers(), log))) {
                    exchange.refuse(Refusal.OVERLOADED);
                    yield false;
                }
                yield true;
            }
            case Verdict.Answer it -> {
                if (it.why() != null) {
                    log.flag(it.why());
                }
                exchange.answer(
                        LocalAnswer.answering(
                                it.status(), it.grpcStatus(), it.text(), request.head().headers()),
                        it.answer());
                yield false;
            }
            case Verdict.Counted(var then, var whenOver) -> {
                over = both(over, whenOver);
                yield follow(then);
            }
            case Verdict.Slow(var rate, var then) -> {
                exchange.slowDown(rate);
                yield follow(then);
            }
            case Verdict.Watch(var watcher) -> {
                over = both(over, () -> watcher.ended(answered, System.nanoTime()));
                yield true;
            }
            case Verdict.Delay(var time, var then) -> {
                log.flag(Refusal.FAULT_DELAY);
                timer =
                        loop.schedule(
                                () -> {
                                    if (follow(then)) {
                                        run();
                                    }
                                },
                                time.toNanos(),
                                TimeUnit.NANOSECONDS);
                yield false;
            }
        };
    }

    private static Runnable both(@Nullable Runnable first, Runnable then) {
        return first == null
                ? then
                : () -> {
                    first.run();
                    then.run();
                };
    }
}
