package dev.weft.proxy.filter;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tokens of all requests with one descriptor. An entry without a value stands for any: then
/// each value has tokens of its own. Any thread.
public final class DescriptorLimit {
    private final Descriptor of;
    private final Size size;
    private final boolean any;

    /// Only of those that were used last; whoever comes back later begins with a full bucket.
    private final Map<Descriptor, TokenBucket> buckets;

    /// How many tokens at most, and how many come in a time.
    public record Size(long max, long perFill, Duration fill) {
        public TokenBucket bucket(long now) {
            return new TokenBucket(max, perFill, fill, now);
        }

        double perNano() {
            return (double) perFill / fill.toNanos();
        }
    }

    /// @param atMost so many values are told apart at once
    public DescriptorLimit(Descriptor of, Size size, int atMost) {
        this.of = of;
        this.size = size;
        this.any = of.entries().stream().anyMatch(entry -> entry.value().isEmpty());
        this.buckets =
                new LinkedHashMap<>(16, 0.75f, true) {
                    @Override
                    protected boolean removeEldestEntry(Map.Entry<Descriptor, TokenBucket> eldest) {
                        return size() > atMost;
                    }
                };
    }

    Size size() {
        return size;
    }

    /// Null: it is not about such requests.
    @Nullable TokenBucket bucket(Descriptor request, long now) {
        if (!isAbout(request)) {
            return null;
        }
        synchronized (buckets) {
            return buckets.computeIfAbsent(any ? request : of, _ -> size.bucket(now));
        }
    }

    private boolean isAbout(Descriptor request) {
        var asked = of.entries();
        var there = request.entries();
        if (asked.size() != there.size()) {
            return false;
        }
        for (int i = 0; i < asked.size(); i++) {
            var entry = asked.get(i);
            if (!entry.key().equals(there.get(i).key())
                    || !(entry.value().isEmpty() || entry.value().equals(there.get(i).value()))) {
                return false;
            }
        }
        return true;
    }
}
