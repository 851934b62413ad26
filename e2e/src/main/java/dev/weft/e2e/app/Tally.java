package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/// One load generator's books. Guarded by its own monitor: few threads, little to do.
final class Tally {
    private static final int KEPT_FAILURES = 30;
    private static final long NOTABLE_MILLIS = 20;

    private final String client;
    private final Map<String, Integer> finished = new TreeMap<>();
    private final Map<String, Integer> failed = new TreeMap<>();
    private final Map<String, Latencies> latencies = new TreeMap<>();
    private final Map<Long, Long> worstBySecond = new TreeMap<>();
    private final Pace pace = new Pace();
    private final BitSet open = new BitSet();
    private final BitSet failedSequences = new BitSet();
    private final TreeSet<String> peers = new TreeSet<>();
    private final List<String> failures = new ArrayList<>();
    private int issued;
    private int revision;
    private int meshedCalls;
    private int mtlsCalls;

    Tally(String client) {
        this.client = client;
    }

    /// Takes the next sequence.
    synchronized int issue() {
        open.set(issued);
        return issued++;
    }

    /// Counts a request of the plan when it is sent.
    synchronized void sent(Schedule.Planned request, long epochMillis) {
        pace.sent(request.protocol(), request.fresh(), epochMillis);
    }

    /// The same, unless sending has ended: whoever has ended it sees all that was issued as
    /// [#outstanding()].
    synchronized OptionalInt issueUnless(BooleanSupplier ended) {
        return ended.getAsBoolean() ? OptionalInt.empty() : OptionalInt.of(issue());
    }

    synchronized int outstanding() {
        return issued - finished();
    }

    synchronized int finished() {
        return finished.values().stream().mapToInt(Integer::intValue).sum();
    }

    synchronized void finish(Outcome outcome, long epochMillis) {
        String protocol = outcome.request().protocol().label();
        finished.merge(protocol, 1, Integer::sum);
        open.clear(outcome.request().sequence());
        outcome.failure()
                .ifPresent(why -> {
                    failed.merge(protocol, 1, Integer::sum);
                    failedSequences.set(outcome.request().sequence());
                    if (failures.size() < KEPT_FAILURES) {
                        failures.add(describe(outcome, why, epochMillis));
                    }
                });
        if (outcome.meshed()) {
            meshedCalls++;
            if (outcome.mtls()) {
                mtlsCalls++;
            }
        }
        outcome.peer().ifPresent(peers::add);
        long millis = outcome.latency().toMillis();
        if (millis >= NOTABLE_MILLIS) {
            worstBySecond.merge(epochMillis / 1000, millis, Math::max);
        }
        latencies
                .computeIfAbsent(
                        kind(outcome.meshed(), protocol, outcome.request().fresh()),
                        _ -> new Latencies())
                .add(outcome.latency());
    }

    private String describe(Outcome outcome, String why, long epochMillis) {
        var request = outcome.request();
        return "%tT.%<tL %s:%d %s %s on %s connection, %d ms: %s"
                .formatted(
                        epochMillis,
                        client,
                        request.sequence(),
                        request.protocol().label(),
                        request.service(),
                        request.fresh() ? "a new" : "a kept-alive",
                        outcome.latency().toMillis(),
                        why);
    }

    static String kind(boolean meshed, String protocol, boolean fresh) {
        return (meshed ? "meshed " : "plain ") + protocol + (fresh ? " new" : " kept");
    }

    /// All of it, as one message; the recorder keeps the one with the highest revision.
    synchronized JsonObject snapshot(boolean last) {
        var histograms = new JsonObject();
        latencies.forEach((kind, counts) -> histograms.put(kind, encode(counts)));
        var worst = new JsonObject();
        worstBySecond.forEach((second, millis) -> worst.put(second.toString(), millis));
        return new JsonObject()
                .put("client", client)
                .put("revision", revision++)
                .put("last", last)
                .put("issued", issued)
                .put("finished", encode(finished))
                .put("failed", encode(failed))
                .put("notAnsweredRight", notAnsweredRight())
                .put("pace", pace.encode())
                .put("failures", new JsonArray(List.copyOf(failures)))
                .put("meshedCalls", meshedCalls)
                .put("mtlsCalls", mtlsCalls)
                .put("peers", new JsonArray(List.copyOf(peers)))
                .put("worst", worst)
                .put("latencies", histograms);
    }

    private JsonArray notAnsweredRight() {
        var sequences = (BitSet) open.clone();
        sequences.or(failedSequences);
        var array = new JsonArray();
        sequences.stream().forEach(array::add);
        return array;
    }

    private static JsonObject encode(Map<String, Integer> counts) {
        var object = new JsonObject();
        counts.forEach(object::put);
        return object;
    }

    private static JsonObject encode(Latencies counts) {
        var object = new JsonObject();
        for (int i = 0; i < Latencies.buckets(); i++) {
            if (counts.count(i) > 0) {
                object.put(Integer.toString(i), counts.count(i));
            }
        }
        return object;
    }
}
