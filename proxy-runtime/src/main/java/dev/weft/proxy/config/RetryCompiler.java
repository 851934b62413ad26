package dev.weft.proxy.config;

import dev.weft.proxy.route.BackOff;
import dev.weft.proxy.route.BackOff.ResetHeader;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.RetryPolicy.On;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy.ResetHeaderFormat;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Compiles when and how often requests are sent again.
final class RetryCompiler {
    /// More are as good as these: a request that has failed so often fails again.
    private static final int MAX_RETRIES = 16;

    private static final String PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts";

    /// Envoy's default.
    private static final Duration LONGEST_RESET = Duration.ofSeconds(300);

    private RetryCompiler() {}

    static RetryPolicy compile(
            String place, io.envoyproxy.envoy.config.route.v3.RetryPolicy policy) {
        var retries =
                Math.min(
                        Unpack.limit(policy.getNumRetries(), policy.hasNumRetries(), 1),
                        MAX_RETRIES);
        hostPredicates(place, policy);
        return new RetryPolicy(
                on(place, policy.getRetryOn()),
                retries,
                policy.getRetriableHeadersList().stream()
                        .map(header -> RouteCompiler.header(place, header))
                        .toList(),
                new HashSet<>(policy.getRetriableStatusCodesList()),
                policy.getRetriableRequestHeadersList().stream()
                        .map(header -> RouteCompiler.header(place, header))
                        .toList(),
                policy.hasPerTryTimeout()
                        ? Unpack.duration(place, policy.getPerTryTimeout())
                        : Duration.ZERO,
                backOff(place, policy));
    }

    private static Set<On> on(String place, String words) {
        var on = EnumSet.noneOf(On.class);
        for (var word : words.split(",")) {
            var known = known(word.strip());
            if (known.isPresent()) {
                on.add(known.get());
            } else if (!word.isBlank()) {
                throw Rejected.at(place, "retry_on " + word.strip() + " is not supported");
            }
        }
        return on;
    }

    private static Optional<On> known(String word) {
        return Arrays.stream(On.values()).filter(on -> on.word().equals(word)).findFirst();
    }

    /// An endpoint that was tried is not tried again anyway while there are others.
    private static void hostPredicates(
            String place, io.envoyproxy.envoy.config.route.v3.RetryPolicy policy) {
        for (var predicate : policy.getRetryHostPredicateList()) {
            if (!predicate
                            .getTypedConfig()
                            .isSameTypeAs(PreviousHostsPredicate.getDefaultInstance())
                    && !(predicate.getName().equals(PREVIOUS_HOSTS)
                            && !predicate.hasTypedConfig())) {
                throw Rejected.at(
                        place,
                        "retry_host_predicate "
                                + predicate.getName()
                                + " is not supported; previous_hosts is");
            }
        }
    }

    private static BackOff backOff(
            String place, io.envoyproxy.envoy.config.route.v3.RetryPolicy policy) {
        var base = BackOff.DEFAULT.base();
        var max = BackOff.DEFAULT.max();
        if (policy.hasRetryBackOff()) {
            base = Unpack.duration(place, policy.getRetryBackOff().getBaseInterval());
            max =
                    policy.getRetryBackOff().hasMaxInterval()
                            ? Unpack.duration(place, policy.getRetryBackOff().getMaxInterval())
                            : base.multipliedBy(10);
        }
        var limited = policy.getRateLimitedRetryBackOff();
        return new BackOff(
                base,
                max,
                resets(place, limited),
                Unpack.positiveDuration(
                        place + ".rate_limited_retry_back_off.max_interval",
                        limited.getMaxInterval(),
                        limited.hasMaxInterval(),
                        LONGEST_RESET));
    }

    private static List<ResetHeader> resets(String place, RateLimitedRetryBackOff limited) {
        var resets = new ArrayList<ResetHeader>();
        for (var header : limited.getResetHeadersList()) {
            if (header.getName().isEmpty()) {
                throw Rejected.at(
                        place + ".rate_limited_retry_back_off.reset_headers", "needs a name");
            }
            resets.add(
                    new ResetHeader(
                            header.getName().toLowerCase(Locale.ROOT),
                            header.getFormat() == ResetHeaderFormat.UNIX_TIMESTAMP));
        }
        return resets;
    }
}
