package dev.weft.proxy.telemetry;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What only lines of a configured format tell.
///
/// @param rules which lines there are, and how they are written
/// @param protocol `HTTP/1.1` or `HTTP/2`, also of gRPC; empty: none
/// @param upstreamProtocol the same of the last attempt; empty: there was none
/// @param client where the connection came from; null: it has no IP address
/// @param destination where the client meant to connect to
/// @param serverName what the client's TLS asked for; empty: nothing
/// @param clientPeer the client's SPIFFE id; null without mesh TLS
/// @param serverPeer the endpoint's SPIFFE id; null without mesh TLS
/// @param route its name; empty: it has none, or none was found
/// @param codeDetails why the status is what it is; empty: nobody has said
/// @param requestMillis from the start to the end of the request; negative: it never was complete
/// @param answerMillis from the start to the service's head; negative: there was none
/// @param headers those that the formats name
public record LogDetails(
        LogRules rules,
        String protocol,
        String upstreamProtocol,
        @Nullable InetSocketAddress client,
        InetSocketAddress destination,
        String serverName,
        @Nullable String clientPeer,
        @Nullable String serverPeer,
        String route,
        String codeDetails,
        long requestMillis,
        long answerMillis,
        HeaderValues headers) {}
