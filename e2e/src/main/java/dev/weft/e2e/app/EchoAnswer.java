package dev.weft.e2e.app;

import io.vertx.core.json.JsonObject;
import java.util.Optional;

/// What a server says about one request that reached it.
///
/// @param forwardedClientCert whether the header came at all
/// @param peer the peer's SPIFFE id from it
public record EchoAnswer(
        String pod,
        String service,
        String version,
        boolean meshed,
        String protocol,
        String id,
        boolean forwardedClientCert,
        Optional<String> peer,
        String body) {

    String toJson() {
        return new JsonObject()
                .put("pod", pod)
                .put("service", service)
                .put("version", version)
                .put("meshed", meshed)
                .put("protocol", protocol)
                .put("id", id)
                .put("xfcc", forwardedClientCert)
                .put("peer", peer.orElse(null))
                .put("body", body)
                .encode();
    }

    /// Throws an unchecked exception of the JSON library if the text is something else.
    public static EchoAnswer parse(String json) {
        var object = new JsonObject(json);
        return new EchoAnswer(
                object.getString("pod", ""),
                object.getString("service", ""),
                object.getString("version", ""),
                object.getBoolean("meshed", false),
                object.getString("protocol", ""),
                object.getString("id", ""),
                object.getBoolean("xfcc", false),
                Optional.ofNullable(object.getString("peer")),
                object.getString("body", ""));
    }
}
