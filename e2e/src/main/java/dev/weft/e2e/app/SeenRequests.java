package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The ids that this server has seen and not yet handed to the recorder.
///
/// A batch keeps its number until the recorder has confirmed it, so that sending it again does not
/// count a request twice.
final class SeenRequests {
    private final String server;
    private final Deque<JsonObject> unconfirmed = new ArrayDeque<>();
    private List<RequestId> fresh = new ArrayList<>();
    private int nextBatch;

    SeenRequests(String server) {
        this.server = server;
    }

    synchronized void saw(RequestId id) {
        fresh.add(id);
    }

    /// The oldest batch that is not confirmed, or null if there is nothing to send.
    synchronized @Nullable JsonObject nextBatch() {
        if (unconfirmed.isEmpty() && !fresh.isEmpty()) {
            var ids = new TreeMap<String, JsonArray>();
            for (RequestId id : fresh) {
                ids.computeIfAbsent(id.client(), client -> new JsonArray()).add(id.sequence());
            }
            fresh = new ArrayList<>();
            var json = new JsonObject();
            ids.forEach(json::put);
            unconfirmed.add(
                    new JsonObject()
                            .put("server", server)
                            .put("batch", nextBatch++)
                            .put("ids", json));
        }
        return unconfirmed.peek();
    }

    synchronized void confirmed() {
        unconfirmed.poll();
    }
}
