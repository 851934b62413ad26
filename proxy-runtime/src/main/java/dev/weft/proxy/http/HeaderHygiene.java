package dev.weft.proxy.http;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static io.netty.handler.codec.http.HttpHeaderNames.TE;
import static io.netty.handler.codec.http.HttpHeaderNames.TRANSFER_ENCODING;
import static io.netty.handler.codec.http.HttpHeaderNames.UPGRADE;

import dev.weft.proxy.config.ChainTarget.ForwardedIdentity;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.telemetry.Direction;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which headers a proxy passes on, and which it must not believe.
final class HeaderHygiene {
    static final String UNSENT = "x-weft-unsent";
    static final String SERVICE_TIME = "x-envoy-upstream-service-time";
    static final String OVERLOADED = "x-envoy-overloaded";
    static final String CLIENT_CERT = "x-forwarded-client-cert";

    /// Headers that a client's `Connection` cannot take away: they say where the message goes and
    /// where it ends.
    private static final Set<String> PROTECTED =
            Set.of("host", "content-length", "transfer-encoding", "upgrade", "te", CLIENT_CERT);

    private HeaderHygiene() {}

    /// Removes what belongs to one hop (RFC 9110, 7.6.1).
    ///
    /// @return the protocol that the message wants to change to; null: none
    static @Nullable String endHop(HttpHeaders headers) {
        var upgrade = upgradeOf(headers);
        for (var named : headers.getAllAsString(CONNECTION)) {
            for (var name : named.split(",")) {
                var lower = name.strip().toLowerCase(Locale.ROOT);
                if (!lower.isEmpty() && !PROTECTED.contains(lower)) {
                    headers.remove(lower);
                }
            }
        }
        headers.remove(CONNECTION).remove("keep-alive").remove("proxy-connection");
        if (headers.contains(TE)) {
            var trailers = headers.containsValue(TE, "trailers", true);
            headers.remove(TE);
            if (trailers) {
                headers.set(TE, "trailers");
            }
        }
        if (upgrade == null) {
            headers.remove(UPGRADE).remove("http2-settings");
        } else {
            headers.set(CONNECTION, "Upgrade");
        }
        return upgrade;
    }

    /// Removes what only the mesh itself may say.
    static void sanitizeRequest(HttpHeaders headers, Origin origin, ForwardedIdentity identity) {
        removeAll(headers, "x-weft-");
        if (origin.direction() == Direction.INBOUND && !origin.mtls()) {
            removeAll(headers, "x-envoy-");
        }
        headers.remove(CLIENT_CERT);
        if (identity == ForwardedIdentity.REPLACE && origin.peer() != null) {
            headers.set(CLIENT_CERT, "URI=" + origin.peer());
        }
    }

    /// Whether the length of the body is said in two ways, or in one that cannot be trusted (RFC
    /// 9112, 6.1).
    static boolean hasAmbiguousFraming(HttpHeaders headers) {
        var encodings = headers.getAll(TRANSFER_ENCODING);
        if (encodings.isEmpty()) {
            return headers.getAll(CONTENT_LENGTH).size() > 1;
        }
        return headers.contains(CONTENT_LENGTH)
                || encodings.size() != 1
                || !encodings.getFirst().strip().equalsIgnoreCase("chunked");
    }

    static boolean hasOneHost(HttpHeaders headers) {
        return headers.getAll(HOST).size() == 1;
    }

    private static @Nullable String upgradeOf(HttpHeaders headers) {
        var upgrade = headers.get(UPGRADE);
        return upgrade == null
                        || upgrade.strip().toLowerCase(Locale.ROOT).startsWith("h2c")
                        || !headers.containsValue(CONNECTION, UPGRADE, true)
                ? null
                : upgrade.strip();
    }

    private static void removeAll(HttpHeaders headers, String prefix) {
        var found = new ArrayList<String>(0);
        for (var name : headers.names()) {
            if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
                found.add(name);
            }
        }
        found.forEach(headers::remove);
    }
}
