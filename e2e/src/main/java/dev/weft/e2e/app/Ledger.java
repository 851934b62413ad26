package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.BitSet;
import java.util.HashSet;
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
    private final JsonArray duplicateIds = new JsonArray();
    private int duplicates;

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
                    duplicates++;
                    if (duplicateIds.size() < KEPT_EXAMPLES) {
                        duplicateIds.add(
                                client + ":" + sequence + " at " + batch.getString("server"));
                    }
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

    /// Everything added up, read by [LoadReport].
    synchronized JsonObject report() {
        var books = new JsonArray();
        clients.values().forEach(books::add);
        var missing = new JsonArray();
        int missingCount = 0;
        int unexpected = 0;
        for (var client : clients.entrySet()) {
            int issued = client.getValue().getInteger("issued");
            var known = received.getOrDefault(client.getKey(), new BitSet());
            int inTime = known.get(0, issued).cardinality();
            missingCount += issued - inTime;
            unexpected += known.cardinality() - inTime;
            for (int i = known.nextClearBit(0);
                    i < issued && missing.size() < KEPT_EXAMPLES;
                    i = known.nextClearBit(i + 1)) {
                missing.add(client.getKey() + ":" + i);
            }
        }
        return new JsonObject()
                .put("clients", books)
                .put("missing", missingCount)
                .put("missingIds", missing)
                .put("unexpected", unexpected)
                .put("duplicates", duplicates)
                .put("duplicateIds", duplicateIds.copy());
    }

    /// Whether some server saw this id.
    synchronized boolean hasSeen(RequestId id) {
        var known = received.get(id.client());
        return known != null && known.get(id.sequence());
    }
}
