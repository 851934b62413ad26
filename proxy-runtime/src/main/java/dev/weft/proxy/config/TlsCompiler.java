package dev.weft.proxy.config;

import dev.weft.proxy.route.TextMatch;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Compiles transport sockets. Keys and roots always are the proxy's own, so that no others may be
/// asked for.
final class TlsCompiler {
    private static final String COMMON = ".common_tls_context";
    private static final String CERTIFICATE = "default";
    private static final String ROOTS = "ROOTCA";

    /// What BoringSSL, as it is built for Netty, can exchange keys by.
    private static final Set<String> GROUPS =
            Set.of("X25519MLKEM768", "X25519", "P-256", "P-384", "P-521");

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
        var common = context.getCommonTlsContext();
        var alpn = common.getAlpnProtocolsList();
        return new ServerTls(
                alpn.isEmpty() ? matched : List.copyOf(alpn),
                peers(place + COMMON, common),
                groups(place + COMMON, common),
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
        var common = context.getCommonTlsContext();
        return new Transport.Mesh(
                List.copyOf(common.getAlpnProtocolsList()),
                peers(place + COMMON, common),
                groups(place + COMMON, common));
    }

    private static List<TextMatch> peers(String place, CommonTlsContext context) {
        for (var secret : context.getTlsCertificateSdsSecretConfigsList()) {
            ownSecret(place + ".tls_certificate_sds_secret_configs", secret, CERTIFICATE);
        }
        ownSecret(
                place + ".validation_context_sds_secret_config",
                context.getValidationContextSdsSecretConfig(),
                ROOTS);
        var combined = context.getCombinedValidationContext();
        var at = place + ".combined_validation_context";
        ownSecret(
                at + ".validation_context_sds_secret_config",
                combined.getValidationContextSdsSecretConfig(),
                ROOTS);
        return combined.getDefaultValidationContext().getMatchTypedSubjectAltNamesList().stream()
                .map(name ->
                        peer(
                                at + ".default_validation_context.match_typed_subject_alt_names",
                                name))
                .toList();
    }

    private static TextMatch peer(String place, SubjectAltNameMatcher name) {
        if (name.getSanType() != SubjectAltNameMatcher.SanType.URI) {
            throw Rejected.at(
                    place,
                    "san_type "
                            + name.getSanType()
                            + " is not supported: peers have SPIFFE ids, use URI");
        }
        return TextMatchCompiler.compile(place, name.getMatcher());
    }

    /// @param own the name by which Weft's control plane asks for it
    private static void ownSecret(String place, SdsSecretConfig secret, String own) {
        if (secret.equals(SdsSecretConfig.getDefaultInstance())) {
            return;
        }
        if (!secret.getName().equals(own)) {
            throw Rejected.at(
                    place,
                    "name \""
                            + secret.getName()
                            + "\" is not known: the proxy has its own certificate and roots only,"
                            + " use \""
                            + own
                            + '"');
        }
        Sources.checkSecrets(place + ".sds_config", secret.getSdsConfig());
    }

    private static List<String> groups(String place, CommonTlsContext context) {
        var params = context.getTlsParams();
        var at = place + ".tls_params";
        var least = params.getTlsMinimumProtocolVersion();
        var most = params.getTlsMaximumProtocolVersion();
        if (least == TlsProtocol.UNRECOGNIZED
                || (most != TlsProtocol.TLS_AUTO && most != TlsProtocol.TLSv1_3)) {
            throw Rejected.at(
                    at,
                    "tls_minimum_protocol_version "
                            + least
                            + ", tls_maximum_protocol_version "
                            + most
                            + " is a range without TLSv1_3, the only version of this proxy");
        }
        for (var group : params.getEcdhCurvesList()) {
            if (!GROUPS.contains(group)) {
                throw Rejected.at(
                        at + ".ecdh_curves",
                        '"' + group + "\" is not supported; use some of " + new TreeSet<>(GROUPS));
            }
        }
        return List.copyOf(params.getEcdhCurvesList());
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
