package dev.weft.proxy.filter;

import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.EditChain;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderEdits.Mode;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `envoy.filters.http.local_ratelimit`: buckets of tokens, shared by all event loops.
public final class LocalRateLimit implements HttpFilter {
    private static final HeaderEdits LIMITED =
            new HeaderEdits(
                    List.of(new HeaderEdits.Set("x-envoy-ratelimited", "true", Mode.OVERWRITE)),
                    List.of());

    /// @param bucket null: nothing is limited
    /// @param limits for requests with certain descriptors
    /// @param enabled requests that take a token
    /// @param enforced those of them that are refused when there is none
    /// @param answer edits for refusals
    /// @param unenforced edits for requests that go on without a token
    /// @param tells whether answers say how many tokens are left
    public record Settings(
            @Nullable TokenBucket bucket,
            Limits limits,
            Fraction enabled,
            Fraction enforced,
            HttpResponseStatus status,
            int grpcStatus,
            HeaderEdits answer,
            HeaderEdits unenforced,
            boolean tells) {}

    /// Limits of some requests.
    ///
    /// @param sources what descriptors a request has
    /// @param each the slowest first: it refuses before others give a token for nothing
    /// @param defaultToo whether a request with such a limit also needs a token of the bucket for
    ///   all
    public record Limits(
            List<Descriptor.Source> sources, List<DescriptorLimit> each, boolean defaultToo) {
        public Limits {
            sources = List.copyOf(sources);
            each =
                    each.stream()
                            .sorted(Comparator.comparingDouble(it -> it.size().perNano()))
                            .toList();
        }

        private List<TokenBucket> buckets(FilterRequest request) {
            if (sources.isEmpty() || each.isEmpty()) {
                return List.of();
            }
            var descriptors = new ArrayList<Descriptor>();
            for (var source : sources) {
                var descriptor = source.describe(request);
                if (descriptor != null) {
                    descriptors.add(descriptor);
                }
            }
            var buckets = new ArrayList<TokenBucket>();
            for (var limit : each) {
                for (var descriptor : descriptors) {
                    var bucket = limit.bucket(descriptor, request.nanos());
                    if (bucket != null) {
                        buckets.add(bucket);
                    }
                }
            }
            return buckets;
        }
    }

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
        var buckets = settings.limits().buckets(request);
        var taken = take(buckets, bucket, request.nanos());
        var told =
                settings.tells()
                        ? state(scarcest(buckets, bucket, request.nanos()), request.nanos())
                        : HeaderEdits.NONE;
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

    /// As in Envoy, a token that was taken before another was missing is gone.
    private boolean take(List<TokenBucket> buckets, TokenBucket forAll, long now) {
        for (var bucket : buckets) {
            if (!bucket.tryTake(now)) {
                return false;
            }
        }
        return !needsDefault(buckets) || forAll.tryTake(now);
    }

    /// The one that decides how many more there may be.
    private TokenBucket scarcest(List<TokenBucket> buckets, TokenBucket forAll, long now) {
        var scarcest = needsDefault(buckets) ? forAll : buckets.getFirst();
        for (var bucket : buckets) {
            if (bucket.left(now) < scarcest.left(now)) {
                scarcest = bucket;
            }
        }
        return scarcest;
    }

    private boolean needsDefault(List<TokenBucket> buckets) {
        return buckets.isEmpty() || settings.limits().defaultToo();
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
