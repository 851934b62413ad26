package dev.weft.e2e.app;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// How one new connection fared that carried one request.
///
/// @param error empty if the request was answered with 200
public record Newcomer(Instant began, Duration took, String error) {
    public boolean served() {
        return error.isEmpty();
    }

    public Instant ended() {
        return began.plus(took);
    }

    JsonObject toJson() {
        return new JsonObject()
                .put("began", began.toEpochMilli())
                .put("took", took.toMillis())
                .put("error", error);
    }

    private static Newcomer of(JsonObject json) {
        return new Newcomer(
                Instant.ofEpochMilli(json.getLong("began")),
                Duration.ofMillis(json.getLong("took")),
                json.getString("error"));
    }

    /// Reads what [Newcomers] has written.
    public static List<Newcomer> parse(String json) {
        var newcomers = new JsonArray(json);
        return newcomers.stream().map(one -> of((JsonObject) one)).toList();
    }
}
