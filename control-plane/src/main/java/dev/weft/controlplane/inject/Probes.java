package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// Points the kubelet's probes at the proxy, and writes down what they were. The kubelet is not in
/// the mesh: in strict mode it could not reach the application itself.
final class Probes {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> KINDS = List.of("liveness", "readiness", "startup");

    /// What the proxy is told, by container and kind.
    private final ObjectNode originals;

    private final List<String> warnings = new ArrayList<>();

    /// @param known what an earlier pass over the same pod has written down
    Probes(ObjectNode known) {
        this.originals = known;
    }

    ObjectNode originals() {
        return originals;
    }

    List<String> warnings() {
        return warnings;
    }

    /// Changes the probes of one of the application's containers in place. Probes that run a
    /// command stay.
    void rewrite(ObjectNode container) {
        var name = container.path("name").asText();
        for (var kind : KINDS) {
            if (container.get(kind + "Probe") instanceof ObjectNode probe
                    && !isOurs(probe, name, kind)) {
                rewrite(container, name, kind, probe);
            }
        }
    }

    private void rewrite(ObjectNode container, String name, String kind, ObjectNode probe) {
        var handler =
                probe.get("httpGet") instanceof ObjectNode http
                        ? http
                        : probe.get("tcpSocket") instanceof ObjectNode tcp
                                ? tcp
                                : probe.get("grpc") instanceof ObjectNode grpc ? grpc : null;
        if (handler == null) {
            return;
        }
        var port = port(handler.path("port"), container);
        if (port.isEmpty()) {
            warnings.add(
                    "the "
                            + kind
                            + " probe of container "
                            + name
                            + " names port "
                            + handler.path("port").asText()
                            + ", which the container does not declare: it stays as it is and will fail.");
            return;
        }
        var original = describe(probe, handler, port.getAsInt());
        original.put("timeoutSeconds", Math.max(1, probe.path("timeoutSeconds").asInt(1)));
        originals.withObjectProperty(name).set(kind, original);
        probe.remove(List.of("httpGet", "tcpSocket", "grpc"));
        probe.putObject("httpGet")
                .put("path", path(name, kind))
                .put("port", Contract.HEALTH_PORT)
                .put("scheme", "HTTP");
    }

    private static ObjectNode describe(ObjectNode probe, ObjectNode handler, int port) {
        var original = NODES.objectNode();
        if (probe.has("httpGet")) {
            original.put("type", "http")
                    .put("port", port)
                    .put("path", handler.path("path").asText("/"))
                    .put("scheme", handler.path("scheme").asText("HTTP"));
            original.set(
                    "headers",
                    handler.get("httpHeaders") instanceof ArrayNode headers
                            ? headers
                            : NODES.arrayNode());
            original.put("host", handler.path("host").asText(""));
        } else if (probe.has("tcpSocket")) {
            original.put("type", "tcp")
                    .put("port", port)
                    .put("host", handler.path("host").asText(""));
        } else {
            original.put("type", "grpc")
                    .put("port", port)
                    .put("service", handler.path("service").asText(""));
        }
        return original;
    }

    /// A named port is one of the same container: so the kubelet reads it.
    private static OptionalInt port(JsonNode port, ObjectNode container) {
        if (port.isInt()) {
            return OptionalInt.of(port.asInt());
        }
        for (var declared : container.path("ports")) {
            if (declared.path("name").asText().equals(port.asText())
                    && declared.path("containerPort").isInt()) {
                return OptionalInt.of(declared.path("containerPort").asInt());
            }
        }
        return digits(port.asText());
    }

    private static OptionalInt digits(String text) {
        return text.matches("[0-9]{1,5}")
                ? OptionalInt.of(Integer.parseInt(text))
                : OptionalInt.empty();
    }

    private static boolean isOurs(ObjectNode probe, String container, String kind) {
        var http = probe.path("httpGet");
        return http.path("port").asInt() == Contract.HEALTH_PORT
                && http.path("path").asText().equals(path(container, kind));
    }

    private static String path(String container, String kind) {
        return "/probe/" + container + "/" + kind;
    }
}
