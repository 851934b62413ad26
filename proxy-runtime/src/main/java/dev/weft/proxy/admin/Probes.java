package dev.weft.proxy.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The probes of a pod, by container and kind: the annotation `weft.dev/probes`.
record Probes(Map<String, Probe> byPath) {
    static final String ANNOTATION = "weft.dev/probes";
    static final Probes NONE = new Probes(Map.of());

    private static final Duration MOST = Duration.ofSeconds(60);

    Probes {
        byPath = Map.copyOf(byPath);
    }

    /// @param path `<container>/<kind>`
    Optional<Probe> find(String path) {
        return Optional.ofNullable(byPath.get(path));
    }

    /// @throws IllegalArgumentException saying what is wrong
    static Probes parse(String json) {
        var probes = new HashMap<String, Probe>();
        try {
            for (var container : JsonParser.parseString(json).getAsJsonObject().entrySet()) {
                for (var kind : container.getValue().getAsJsonObject().entrySet()) {
                    probes.put(
                            container.getKey() + "/" + kind.getKey(),
                            probe(kind.getValue().getAsJsonObject()));
                }
            }
        } catch (JsonParseException
                | IllegalStateException
                | UnsupportedOperationException
                | NumberFormatException e) {
            throw new IllegalArgumentException(
                    ANNOTATION + " cannot be read: " + e.getMessage(), e);
        }
        return new Probes(probes);
    }

    private static Probe probe(JsonObject json) {
        int port = json.has("port") ? json.get("port").getAsInt() : 0;
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException(ANNOTATION + " has a probe with port " + port);
        }
        var timeout = timeout(json);
        String type = text(json, "type", "");
        return switch (type) {
            case "http" ->
                    new Probe.Http(
                            text(json, "scheme", "HTTP").equalsIgnoreCase("HTTPS"),
                            port,
                            path(text(json, "path", "/")),
                            text(json, "host", ""),
                            headers(json),
                            timeout);
            case "tcp" -> new Probe.Tcp(port, timeout);
            case "grpc" -> new Probe.Grpc(port, text(json, "service", ""), timeout);
            default ->
                    throw new IllegalArgumentException(
                            ANNOTATION + " has a probe of unknown type \"" + type + '"');
        };
    }

    private static Duration timeout(JsonObject json) {
        var timeout =
                Duration.ofSeconds(
                        json.has("timeoutSeconds") ? json.get("timeoutSeconds").getAsInt() : 1);
        return !timeout.isPositive()
                ? Duration.ofSeconds(1)
                : timeout.compareTo(MOST) > 0 ? MOST : timeout;
    }

    private static Map<String, String> headers(JsonObject json) {
        var headers = new LinkedHashMap<String, String>();
        var list = json.get("headers") instanceof JsonArray array ? array : new JsonArray();
        for (var header : list) {
            headers.put(
                    text(header.getAsJsonObject(), "name", ""),
                    text(header.getAsJsonObject(), "value", ""));
        }
        headers.remove("");
        return headers;
    }

    private static String path(String path) {
        return path.startsWith("/") ? path : "/" + path;
    }

    private static String text(JsonObject json, String name, String otherwise) {
        var value = json.get(name);
        return value == null || value.isJsonNull() ? otherwise : value.getAsString();
    }
}
