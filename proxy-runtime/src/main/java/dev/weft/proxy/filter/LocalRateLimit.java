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
    /// @param each the slowest first: it refuses before others give a token for nothing
    /// @param defaultToo whether a request with such a limit also needs a token of the bucket for
    ///   all
    public record Limits(Descriptions from, List<DescriptorLimit> each, boolean defaultToo) {
        public Limits {
            each =
                    each.stream()
                            .sorted(Comparator.comparingDouble(it -> it.size().perNano()))
                            .toList();
        }

        private List<Draw> draws(FilterRequest request) {
            if (each.isEmpty()) {
                return List.of();
            }
            var hits = from.hits(request);
            var draws = new ArrayList<Draw>(hits.size());
            for (var limit : each) {
                for (var hit : hits) {
                    var bucket = limit.bucket(hit.descriptor(), request.nanos());
                    if (bucket != null) {
                        draws.add(new Draw(bucket, hit.tokens()));
                    }
                }
            }
            return draws;
        }
    }

    /// Who says what descriptors a request has.
    public sealed interface Descriptions {
        private List<Hit> hits(FilterRequest request) {
            var hits = new ArrayList<Hit>();
            switch (this) {
                case Own(var sources) -> sources.forEach(it -> add(it, request, hits));
                case OfRoute(var stage, var ofHost) -> {
                    var known = request.descriptors();
                    add(known.route(), stage, request, hits);
                    if (known.usesHost(ofHost)) {
                        add(known.host(), stage, request, hits);
                    }
                }
            }
            return hits;
        }

        private static void add(
                List<Descriptor.Source> sources, int stage, FilterRequest request, List<Hit> hits) {
            for (var source : sources) {
                if (source.stage() == stage) {
                    add(source, request, hits);
                }
            }
        }

        private static void add(Descriptor.Source source, FilterRequest request, List<Hit> hits) {
            var descriptor = source.describe(request);
            if (descriptor != null) {
                hits.add(new Hit(descriptor, source.tokens()));
            }
        }
    }

    /// The filter's `rate_limits`.
    public record Own(List<Descriptor.Source> sources) implements Descriptions {
        public Own {
            sources = List.copyOf(sources);
        }
    }

    /// Those of the request's route and virtual host that are for this stage.
    public record OfRoute(int stage, RouteDescriptors.OfHost ofHost) implements Descriptions {}

    private record Hit(Descriptor descriptor, long tokens) {}

    private record Draw(TokenBucket bucket, long tokens) {}

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
        var draws = settings.limits().draws(request);
        var taken = take(draws, bucket, request.nanos());
        var told =
                settings.tells()
                        ? state(scarcest(draws, bucket, request.nanos()), request.nanos())
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
    private boolean take(List<Draw> draws, TokenBucket forAll, long now) {
        for (var draw : draws) {
            if (!draw.bucket().tryTake(draw.tokens(), now)) {
                return false;
            }
        }
        return !needsDefault(draws) || forAll.tryTake(now);
    }

    /// The one that decides how many more there may be.
    private TokenBucket scarcest(List<Draw> draws, TokenBucket forAll, long now) {
        var scarcest = needsDefault(draws) ? forAll : draws.getFirst().bucket();
        for (var draw : draws) {
            if (draw.bucket().left(now) < scarcest.left(now)) {
                scarcest = draw.bucket();
            }
        }
        return scarcest;
    }

    private boolean needsDefault(List<Draw> draws) {
        return draws.isEmpty() || settings.limits().defaultToo();
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
