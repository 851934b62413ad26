package dev.weft.proxy.filter;

import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.EditChain;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderEdits.Mode;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `envoy.filters.http.local_ratelimit`: a bucket of tokens, shared by all event loops.
public final class LocalRateLimit implements HttpFilter {
    private static final HeaderEdits LIMITED =
            new HeaderEdits(
                    List.of(new HeaderEdits.Set("x-envoy-ratelimited", "true", Mode.OVERWRITE)),
                    List.of());

    /// @param bucket null: nothing is limited
    /// @param enabled requests that take a token
    /// @param enforced those of them that are refused when there is none
    /// @param answer edits for refusals
    /// @param unenforced edits for requests that go on without a token
    /// @param tells whether answers say how many tokens are left
    public record Settings(
            @Nullable TokenBucket bucket,
            Fraction enabled,
            Fraction enforced,
            HttpResponseStatus status,
            int grpcStatus,
            HeaderEdits answer,
            HeaderEdits unenforced,
            boolean tells) {}

    private final Settings settings;

    public LocalRateLimit(Settings settings) {
        this.settings = settings;
    }

    @Override
    public Verdict judge(FilterRequest request) {
        var bucket = settings.bucket();
        if (bucket == null || !settings.enabled().hits(request.random())) {
            return Verdict.PASS;
        }
        var taken = bucket.tryTake(request.nanos());
        var told = settings.tells() ? state(bucket, request.nanos()) : HeaderEdits.NONE;
        if (taken) {
            return settings.tells() ? new Verdict.Pass(HeaderEdits.NONE, told) : Verdict.PASS;
        }
        if (!settings.enforced().hits(request.random())) {
            return new Verdict.Pass(settings.unenforced(), told);
        }
        return new Verdict.Answer(
                Refusal.RATE_LIMITED,
                settings.status(),
                settings.grpcStatus(),
                Refusal.RATE_LIMITED.text(),
                EditChain.both(EditChain.both(LIMITED, told), settings.answer()));
    }

    private static HeaderEdits state(TokenBucket bucket, long now) {
        var next = bucket.untilNext(now);
        var seconds = next.toSeconds() + (next.toNanosPart() > 0 ? 1 : 0);
        return new HeaderEdits(
                List.of(
                        set("x-ratelimit-limit", bucket.max()),
                        set("x-ratelimit-remaining", bucket.left(now)),
                        set("x-ratelimit-reset", seconds)),
                List.of());
    }

    private static HeaderEdits.Set set(String name, long value) {
        return new HeaderEdits.Set(name, Long.toString(value), Mode.OVERWRITE);
    }
}
