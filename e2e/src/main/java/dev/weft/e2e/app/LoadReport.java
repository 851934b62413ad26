package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The recorder's report: what all load generators together sent, and what became of it.
///
/// @param finished answered or failed, by protocol
/// @param wrong ids that failed, have no answer, reached no server or more than one, or that no
///   client has issued; each counts once
/// @param missing ids that no server has told of
/// @param duplicates ids that servers saw more than once
/// @param unexpected ids that no client has issued
/// @param running load generators that have not said their last word
/// @param worstBySecond the longest latency, in milliseconds, of the requests that ended in that
///   second of the epoch
/// @param latencies by kind, such as `meshed HTTP/1.1 kept`
public record LoadReport(
        long issued,
        Map<String, Long> finished,
        Map<String, Long> failedByProtocol,
        List<String> failures,
        long wrong,
        long missing,
        List<String> missingIds,
        long duplicates,
        List<String> duplicateIds,
        long unexpected,
        int running,
        long meshedCalls,
        long mtlsCalls,
        Set<String> peers,
        NavigableMap<Long, Long> worstBySecond,
        Map<String, Latencies> latencies,
        Pace pace) {

    /// All load generators together.
    public static LoadReport parse(String json) {
        return parse(json, "");
    }

    /// Those whose name begins so.
    public static LoadReport parse(String json, String clientPrefix) {
        var sum = new Sum();
        for (Object each : new JsonObject(json).getJsonArray("clients")) {
            var client = (JsonObject) each;
            if (client.getString("client").startsWith(clientPrefix)) {
                sum.add(client);
            }
        }
        return new LoadReport(
                sum.issued,
                sum.finished,
                sum.failed,
                List.copyOf(sum.failures),
                sum.wrong,
                sum.missing,
                List.copyOf(sum.missingIds),
                sum.duplicates,
                List.copyOf(sum.duplicateIds),
                sum.unexpected,
                sum.running,
                sum.meshedCalls,
                sum.mtlsCalls,
                Set.copyOf(sum.peers),
                sum.worst,
                sum.latencies,
                sum.pace);
    }

    public long failed() {
        return failedByProtocol.values().stream().mapToLong(Long::longValue).sum();
    }

    public long finishedInAll() {
        return finished.values().stream().mapToLong(Long::longValue).sum();
    }

    /// All that was sent was answered right, and reached exactly one server exactly once.
    public boolean flawless() {
        return failed() == 0
                && missing == 0
                && duplicates == 0
                && unexpected == 0
                && running == 0
                && finishedInAll() == issued;
    }

    /// The numbers, and the first things that went wrong; for messages.
    @Override
    public String toString() {
        return "sent %d %s, failed %d, missing %d %s, twice %d %s, unknown %d, still running %d, meshed %d, of them mutual TLS %d\n%s"
                .formatted(
                        issued,
                        finished,
                        failed(),
                        missing,
                        missingIds,
                        duplicates,
                        duplicateIds,
                        unexpected,
                        running,
                        meshedCalls,
                        mtlsCalls,
                        String.join("\n", failures));
    }

    /// Of the calls between meshed pods, how many went over mutual TLS; 0 if there was none.
    public double mtlsShare() {
        return meshedCalls == 0 ? 0 : (double) mtlsCalls / meshedCalls;
    }

    /// The longest latency of the requests that ended in a stretch, from when they were due; zero
    /// if all took less than 20 ms.
    public Duration longest(Instant from, Instant to) {
        return Duration.ofMillis(
                worstBySecond
                        .subMap(from.getEpochSecond(), true, to.getEpochSecond(), true)
                        .values()
                        .stream()
                        .mapToLong(Long::longValue)
                        .max()
                        .orElse(0));
    }

    public Latencies latencies(boolean meshed, boolean fresh) {
        var all = new Latencies();
        for (Protocol protocol : Protocol.values()) {
            var some = latencies.get(Tally.kind(meshed, protocol.label(), fresh));
            if (some != null) {
                all.addAll(some);
            }
        }
        return all;
    }

    private static List<String> strings(JsonArray array) {
        return array.stream().map(String::valueOf).toList();
    }

    private static final class Sum {
        private final Map<String, Long> finished = new TreeMap<>();
        private final Map<String, Long> failed = new TreeMap<>();
        private final List<String> failures = new ArrayList<>();
        private final TreeSet<String> peers = new TreeSet<>();
        private final TreeMap<Long, Long> worst = new TreeMap<>();
        private final Map<String, Latencies> latencies = new TreeMap<>();
        private final List<String> missingIds = new ArrayList<>();
        private final List<String> duplicateIds = new ArrayList<>();
        private final Pace pace = new Pace();
        private long issued;
        private long wrong;
        private long missing;
        private long duplicates;
        private long unexpected;
        private long meshedCalls;
        private long mtlsCalls;
        private int running;

        void add(JsonObject client) {
            issued += client.getLong("issued");
            wrong += client.getLong("wrong");
            missing += client.getLong("missing");
            duplicates += client.getLong("duplicates");
            unexpected += client.getLong("unexpected");
            missingIds.addAll(strings(client.getJsonArray("missingIds")));
            duplicateIds.addAll(strings(client.getJsonArray("duplicateIds")));
            meshedCalls += client.getLong("meshedCalls");
            mtlsCalls += client.getLong("mtlsCalls");
            running += client.getBoolean("last") ? 0 : 1;
            add(client.getJsonObject("finished"), finished);
            add(client.getJsonObject("failed"), failed);
            pace.add(client.getJsonObject("pace"));
            failures.addAll(strings(client.getJsonArray("failures")));
            peers.addAll(strings(client.getJsonArray("peers")));
            var seconds = client.getJsonObject("worst");
            for (String second : seconds.fieldNames()) {
                worst.merge(Long.parseLong(second), seconds.getLong(second), Math::max);
            }
            var histograms = client.getJsonObject("latencies");
            for (String kind : histograms.fieldNames()) {
                var counts = histograms.getJsonObject(kind);
                var into = latencies.computeIfAbsent(kind, _ -> new Latencies());
                for (String bucket : counts.fieldNames()) {
                    into.add(Integer.parseInt(bucket), counts.getInteger(bucket));
                }
            }
        }

        private static void add(JsonObject counts, Map<String, Long> into) {
            for (String key : counts.fieldNames()) {
                into.merge(key, counts.getLong(key), Long::sum);
            }
        }
    }
}
