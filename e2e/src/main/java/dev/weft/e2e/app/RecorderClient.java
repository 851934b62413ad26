package dev.weft.e2e.app;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// Posts to the recorder. What it posts may arrive twice: every message is idempotent.
final class RecorderClient {
    private final String base;

    RecorderClient(String base) {
        this.base = base;
    }

    /// True once the recorder has taken the message.
    boolean post(String path, JsonObject message) {
        try {
            var connection = (HttpURLConnection) URI.create(base + path).toURL().openConnection();
            connection.setConnectTimeout(1000);
            connection.setReadTimeout(2000);
            connection.setDoOutput(true);
            connection.setRequestMethod("POST");
            try (var out = connection.getOutputStream()) {
                out.write(message.encode().getBytes(StandardCharsets.UTF_8));
            }
            int status = connection.getResponseCode();
            try (var in =
                    status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                if (in != null) {
                    in.readAllBytes();
                }
            }
            return status == 204;
        } catch (IOException unreachable) {
            return false;
        }
    }

    /// Sends all that is there; stops at the first message that is not taken.
    synchronized boolean flush(SeenRequests seen) {
        for (var batch = seen.nextBatch(); batch != null; batch = seen.nextBatch()) {
            if (!post("/seen", batch)) {
                return false;
            }
            seen.confirmed();
        }
        return true;
    }
}
