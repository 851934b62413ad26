package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Compares what clients say they sent with what servers say they saw.
///
/// Messages may come twice and out of order. Guarded by its own monitor.
final class Ledger {
    private static final int KEPT_EXAMPLES = 20;

    private final Map<String, JsonObject> clients = new TreeMap<>();
    private final Map<String, BitSet> received = new TreeMap<>();
    private final Set<String> batches = new HashSet<>();
    private final Map<String, List<String>> duplicates = new TreeMap<>();
    private final Map<String, BitSet> duplicateSequences = new TreeMap<>();

    /// A server's batch: `{"server":…, "batch":…, "ids":{client:[sequence…]}}`.
    synchronized void seen(JsonObject batch) {
        if (!batches.add(batch.getString("server") + "/" + batch.getInteger("batch"))) {
            return;
        }
        var ids = batch.getJsonObject("ids");
        for (String client : ids.fieldNames()) {
            var known = received.computeIfAbsent(client, _ -> new BitSet());
            for (Object each : ids.getJsonArray(client)) {
                int sequence = (Integer) each;
                if (known.get(sequence)) {
                    duplicates
                            .computeIfAbsent(client, _ -> new ArrayList<>())
                            .add(client + ":" + sequence + " at " + batch.getString("server"));
                    duplicateSequences.computeIfAbsent(client, _ -> new BitSet()).set(sequence);
                }
                known.set(sequence);
            }
        }
    }

    /// A client's books, [Tally#snapshot].
    synchronized void sent(JsonObject snapshot) {
        clients.merge(
                snapshot.getString("client"),
                snapshot,
                (old, now) -> now.getInteger("revision") > old.getInteger("revision") ? now : old);
    }

    /// Every client's books, each with what servers say of its ids; read by [LoadReport]. A client
    /// that servers know and that has told nothing has empty books.
    synchronized JsonObject report() {
        var all = new TreeMap<>(clients);
        for (String client : received.keySet()) {
            all.computeIfAbsent(client, unheard -> new Tally(unheard).snapshot(false));
        }
        var books = new JsonArray();
        all.forEach((client, snapshot) -> books.add(compared(client, snapshot)));
        return new JsonObject().put("clients", books);
    }

    private JsonObject compared(String client, JsonObject snapshot) {
        int issued = snapshot.getInteger("issued");
        var known = received.getOrDefault(client, new BitSet());
        int wanted = known.get(0, issued).cardinality();
        var missing = new JsonArray();
        for (int i = known.nextClearBit(0);
                i < issued && missing.size() < KEPT_EXAMPLES;
                i = known.nextClearBit(i + 1)) {
            missing.add(client + ":" + i);
        }
        var twice = duplicates.getOrDefault(client, List.of());
        return snapshot.copy()
                .put("wrong", wrong(client, snapshot, known))
                .put("missing", issued - wanted)
                .put("missingIds", missing)
                .put("unexpected", known.cardinality() - wanted)
                .put("duplicates", twice.size())
                .put("duplicateIds", new JsonArray(twice.stream().limit(KEPT_EXAMPLES).toList()));
    }

    /// How many ids something is wrong with, each counted once whatever that is: failed or without
    /// an answer; seen by no server, or more than once; never issued.
    private int wrong(String client, JsonObject snapshot, BitSet known) {
        int issued = snapshot.getInteger("issued");
        var wrong = new BitSet();
        wrong.set(0, issued);
        wrong.xor(known); // missing, and never issued
        wrong.or(duplicateSequences.getOrDefault(client, new BitSet()));
        snapshot.getJsonArray("notAnsweredRight").forEach(each -> wrong.set((Integer) each));
        return wrong.cardinality();
    }

    /// Whether some server saw this id.
    synchronized boolean hasSeen(RequestId id) {
        var known = received.get(id.client());
        return known != null && known.get(id.sequence());
    }
}
