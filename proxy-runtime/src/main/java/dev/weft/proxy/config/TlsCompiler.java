package dev.weft.proxy.config;

import dev.weft.proxy.route.TextMatch;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Compiles transport sockets. Keys and roots always are the proxy's own, whatever names of secrets
/// they give.
final class TlsCompiler {
    private final FieldCheck fields;

    TlsCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// @param matched the chain's own application protocols, for contexts that name none
    /// @param handshake how long a handshake may take; zero: without end
    @Nullable ServerTls server(
            String place, TransportSocket socket, List<String> matched, Duration handshake) {
        if (isClear(socket)) {
            return null;
        }
        if (!socket.getTypedConfig().isSameTypeAs(DownstreamTlsContext.getDefaultInstance())) {
            throw unsupported(place, socket);
        }
        var context =
                Unpack.any(
                        place, socket.getTypedConfig(), DownstreamTlsContext.getDefaultInstance());
        fields.check(place, context);
        if (!context.getRequireClientCertificate().getValue()) {
            throw Rejected.at(place, "require_client_certificate must be true");
        }
        var alpn = context.getCommonTlsContext().getAlpnProtocolsList();
        return new ServerTls(
                alpn.isEmpty() ? matched : List.copyOf(alpn),
                peers(place, context.getCommonTlsContext()),
                handshake);
    }

    Transport client(String place, TransportSocket socket) {
        if (isClear(socket)) {
            return new Transport.Clear();
        }
        if (!socket.getTypedConfig().isSameTypeAs(UpstreamTlsContext.getDefaultInstance())) {
            throw unsupported(place, socket);
        }
        var context =
                Unpack.any(place, socket.getTypedConfig(), UpstreamTlsContext.getDefaultInstance());
        fields.check(place, context);
        return new Transport.Mesh(
                List.copyOf(context.getCommonTlsContext().getAlpnProtocolsList()),
                peers(place, context.getCommonTlsContext()));
    }

    private List<TextMatch> peers(String place, CommonTlsContext context) {
        fields.check(place, context);
        var validation = context.getCombinedValidationContext().getDefaultValidationContext();
        fields.check(place + ".default_validation_context", validation);
        return validation.getMatchTypedSubjectAltNamesList().stream()
                .map(name -> TextMatchCompiler.compile(place, name.getMatcher()))
                .toList();
    }

    private static boolean isClear(TransportSocket socket) {
        return !socket.hasTypedConfig()
                ? socket.getName().isEmpty() || socket.getName().endsWith("raw_buffer")
                : socket.getTypedConfig().isSameTypeAs(RawBuffer.getDefaultInstance());
    }

    private static Rejected unsupported(String place, TransportSocket socket) {
        return Rejected.at(
                place,
                "transport socket "
                        + socket.getName()
                        + " "
                        + socket.getTypedConfig().getTypeUrl()
                        + " is not supported");
    }
}
