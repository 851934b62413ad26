package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;

/// How many requests load generators have sent by their plan, second by second and kind by kind.
/// Bursts are no part of it.
public final class Pace {
    /// What is judged is every stretch of this many whole seconds.
    public static final Duration WINDOW = Duration.ofSeconds(5);

    private static final Protocol[] PROTOCOLS = Protocol.values();
    private static final int KINDS = 2 * PROTOCOLS.length;

    /// Second of the epoch → requests: kept-alive ones of each protocol, then those on new
    /// connections.
    private final TreeMap<Long, int[]> bySecond = new TreeMap<>();

    void sent(Protocol protocol, boolean fresh, long epochMillis) {
        bySecond.computeIfAbsent(epochMillis / 1000, _ -> new int[KINDS])[kind(protocol, fresh)]++;
    }

    private static int kind(Protocol protocol, boolean fresh) {
        return protocol.ordinal() + (fresh ? PROTOCOLS.length : 0);
    }

    JsonObject encode() {
        var object = new JsonObject();
        bySecond.forEach((second, counts) -> {
            var array = new JsonArray();
            Arrays.stream(counts).forEach(array::add);
            object.put(Long.toString(second), array);
        });
        return object;
    }

    void add(JsonObject encoded) {
        for (String second : encoded.fieldNames()) {
            var counts = bySecond.computeIfAbsent(Long.parseLong(second), _ -> new int[KINDS]);
            var more = encoded.getJsonArray(second);
            for (int kind = 0; kind < KINDS; kind++) {
                counts[kind] += more.getInteger(kind);
            }
        }
    }

    /// Requests a second of each protocol in the whole seconds of a stretch.
    public Map<String, Double> mean(Instant from, Instant to) {
        return ofEach(protocol -> {
            var seconds = perSecond(protocol, from, to);
            return LongStream.of(seconds).average().orElse(0);
        });
    }

    /// Requests a second of each protocol in its worst [#WINDOW]; 0 if the stretch is shorter.
    public Map<String, Double> slowest(Instant from, Instant to) {
        return ofEach(protocol -> {
            var seconds = perSecond(protocol, from, to);
            int width = (int) WINDOW.toSeconds();
            double slowest = Double.MAX_VALUE;
            for (int start = 0; start + width <= seconds.length; start++) {
                long sum = LongStream.of(Arrays.copyOfRange(seconds, start, start + width)).sum();
                slowest = Math.min(slowest, (double) sum / width);
            }
            return seconds.length < width ? 0 : slowest;
        });
    }

    /// The share of requests that had a connection of their own.
    public double freshShare(Instant from, Instant to) {
        long fresh = 0;
        long all = 0;
        for (int[] counts : bySecond.subMap(firstSecond(from), end(from, to)).values()) {
            all += Arrays.stream(counts).sum();
            fresh += Arrays.stream(counts, PROTOCOLS.length, KINDS).sum();
        }
        return all == 0 ? 0 : (double) fresh / all;
    }

    private static Map<String, Double> ofEach(ToDoubleFunction<Protocol> measured) {
        var all = new LinkedHashMap<String, Double>();
        for (var protocol : PROTOCOLS) {
            all.put(protocol.label(), measured.applyAsDouble(protocol));
        }
        return all;
    }

    private long[] perSecond(Protocol protocol, Instant from, Instant to) {
        return LongStream.range(firstSecond(from), end(from, to))
                .map(second -> {
                    var counts = bySecond.getOrDefault(second, new int[KINDS]);
                    return (long) counts[kind(protocol, false)] + counts[kind(protocol, true)];
                })
                .toArray();
    }

    /// The first whole second.
    private static long firstSecond(Instant from) {
        return from.getEpochSecond() + (from.getNano() > 0 ? 1 : 0);
    }

    /// The second after the last whole one.
    private static long end(Instant from, Instant to) {
        return Math.max(firstSecond(from), to.getEpochSecond());
    }
}
