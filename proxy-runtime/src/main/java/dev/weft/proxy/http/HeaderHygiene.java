package dev.weft.proxy.http;

import static io.netty.handler.codec.http.HttpHeaderNames.CONNECTION;
import static io.netty.handler.codec.http.HttpHeaderNames.HOST;
import static io.netty.handler.codec.http.HttpHeaderNames.TE;
import static io.netty.handler.codec.http.HttpHeaderNames.UPGRADE;

import dev.weft.proxy.config.ChainTarget.ForwardedIdentity;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.Direction;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which headers a proxy passes on, and which it must not believe.
final class HeaderHygiene {
    static final AsciiString UNSENT = AsciiString.cached("x-weft-unsent");
    static final AsciiString SERVICE_TIME = AsciiString.cached("x-envoy-upstream-service-time");
    static final AsciiString OVERLOADED = AsciiString.cached("x-envoy-overloaded");
    static final AsciiString ATTEMPT_COUNT = AsciiString.cached("x-envoy-attempt-count");
    static final AsciiString IS_TIMEOUT_RETRY = AsciiString.cached("x-envoy-is-timeout-retry");
    static final AsciiString CLIENT_CERT = AsciiString.cached("x-forwarded-client-cert");

    private static final AsciiString FORWARDED_HOST = AsciiString.cached("x-forwarded-host");
    private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
    private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");
    private static final AsciiString HTTP2_SETTINGS = AsciiString.cached("http2-settings");

    /// Headers that a client's `Connection` cannot take away: they say where the message goes and
    /// where it ends.
    private static final Set<String> PROTECTED =
            Set.of(
                    "host",
                    "content-length",
                    "transfer-encoding",
                    "upgrade",
                    "te",
                    CLIENT_CERT.toString());

    private static final Set<String> NOT_IN_TRAILERS =
            Set.of(
                    "authorization",
                    "connection",
                    "content-encoding",
                    "content-length",
                    "content-range",
                    "content-type",
                    "cookie",
                    "expect",
                    "host",
                    "keep-alive",
                    "proxy-authorization",
                    "proxy-connection",
                    "set-cookie",
                    "te",
                    "trailer",
                    "transfer-encoding",
                    "upgrade",
                    CLIENT_CERT.toString());

    /// Applications that take an underscore for a hyphen would believe these.
    private static final Set<String> NOT_WITH_UNDERSCORES =
            Set.of("content-length", "host", "transfer-encoding", CLIENT_CERT.toString());

    private HeaderHygiene() {}

    /// Removes what belongs to one hop (RFC 9110, 7.6.1).
    ///
    /// @return the protocol that the message wants to change to; null: none
    static @Nullable String endHop(HttpHeaders headers) {
        if (!hasHopHeaders(headers)) {
            return null;
        }
        var upgrade = upgradeOf(headers);
        for (var named : headers.getAllAsString(CONNECTION)) {
            for (var name : named.split(",")) {
                var lower = name.strip().toLowerCase(Locale.ROOT);
                if (!lower.isEmpty() && !PROTECTED.contains(lower)) {
                    headers.remove(lower);
                }
            }
        }
        headers.remove(CONNECTION).remove(KEEP_ALIVE).remove(PROXY_CONNECTION);
        if (headers.contains(TE)) {
            var trailers = headers.containsValue(TE, "trailers", true);
            headers.remove(TE);
            if (trailers) {
                headers.set(TE, "trailers");
            }
        }
        if (upgrade == null) {
            headers.remove(UPGRADE).remove(HTTP2_SETTINGS);
        } else {
            headers.set(CONNECTION, "Upgrade");
        }
        return upgrade;
    }

    /// Gives a request another host.
    ///
    /// @param before what it was known by; null: need not be told
    /// @return false: it would be none, and nothing has changed
    static boolean changeHost(HttpRequest head, String host, @Nullable String before) {
        if (!Tokens.isAuthority(host)) {
            return false;
        }
        if (before != null) {
            tellHost(head.headers(), before);
        }
        head.headers().set(HOST, host);
        if (head.method().equals(HttpMethod.CONNECT)) {
            head.setUri(host);
        }
        return true;
    }

    /// Adds a host that is about to change to those by which the request was known before.
    private static void tellHost(HttpHeaders headers, String host) {
        if (host.isEmpty()) {
            return;
        }
        var known = String.join(",", headers.getAll(FORWARDED_HOST));
        var last = known.substring(known.lastIndexOf(',') + 1).strip();
        if (!last.equals(host)) {
            headers.set(FORWARDED_HOST, known.isEmpty() ? host : known + "," + host);
        }
    }

    /// One walk in place of a look for each of them: most messages have none.
    private static boolean hasHopHeaders(HttpHeaders headers) {
        for (var all = headers.iteratorCharSequence(); all.hasNext(); ) {
            var name = all.next().getKey();
            var found =
                    switch (name.length()) {
                        case 2 -> TE.contentEqualsIgnoreCase(name);
                        case 7 -> UPGRADE.contentEqualsIgnoreCase(name);
                        case 10 ->
                                CONNECTION.contentEqualsIgnoreCase(name)
                                        || KEEP_ALIVE.contentEqualsIgnoreCase(name);
                        case 14 -> HTTP2_SETTINGS.contentEqualsIgnoreCase(name);
                        case 16 -> PROXY_CONNECTION.contentEqualsIgnoreCase(name);
                        default -> false;
                    };
            if (found) {
                return true;
            }
        }
        return false;
    }

    /// Removes what only the mesh itself may say.
    static void sanitizeRequest(HttpHeaders headers, Origin origin, ForwardedIdentity identity) {
        removeForged(headers, "x-weft-");
        if (origin.direction() == Direction.INBOUND && !origin.mtls()) {
            removeForged(headers, "x-envoy-");
        }
        headers.remove(CLIENT_CERT);
        if (identity == ForwardedIdentity.REPLACE && origin.peer() != null) {
            headers.set(CLIENT_CERT, "URI=" + origin.peer());
        }
    }

    /// Trailers say nothing about framing, routing, content or identity, whatever the next hop
    /// makes of them (RFC 9110, 6.5.1).
    static void tidyTrailers(HttpHeaders trailers) {
        if (!trailers.isEmpty()) {
            NOT_IN_TRAILERS.forEach(trailers::remove);
            removeForged(trailers, "x-weft-");
            removeForged(trailers, "x-envoy-");
        }
    }

    /// One protocol, and not HTTP/2, which peers of a mesh speak from the start.
    private static @Nullable String upgradeOf(HttpHeaders headers) {
        var upgrade = headers.get(UPGRADE);
        if (upgrade == null
                || headers.getAll(UPGRADE).size() > 1
                || !headers.containsValue(CONNECTION, UPGRADE, true)) {
            return null;
        }
        var lower = upgrade.toLowerCase(Locale.ROOT);
        return lower.indexOf(',') >= 0 || lower.startsWith("h2") || lower.startsWith("http")
                ? null
                : upgrade;
    }

    private static void removeForged(HttpHeaders headers, String prefix) {
        ArrayList<CharSequence> found = null;
        for (var all = headers.iteratorCharSequence(); all.hasNext(); ) {
            var name = all.next().getKey();
            if (isForged(name, prefix)) {
                found = found == null ? new ArrayList<>() : found;
                found.add(name);
            }
        }
        if (found != null) {
            found.forEach(headers::remove);
        }
    }

    private static boolean isForged(CharSequence name, String prefix) {
        if (AsciiString.indexOf(name, '_', 0) < 0) {
            return AsciiString.regionMatchesAscii(name, true, 0, prefix, 0, prefix.length());
        }
        var read = name.toString().replace('_', '-').toLowerCase(Locale.ROOT);
        return read.startsWith(prefix) || NOT_WITH_UNDERSCORES.contains(read);
    }
}
