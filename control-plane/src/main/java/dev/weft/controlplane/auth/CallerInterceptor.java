package dev.weft.controlplane.auth;

import dev.weft.controlplane.revision.RevisionSource;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out who calls, or ends the call. A certificate is judged once, when its connection begins,
/// so that a stream outlives the certificate that opened it; a token is looked at for every call.
///
/// May block: the server's executor must allow it.
public final class CallerInterceptor extends ServerTransportFilter implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(CallerInterceptor.class);
    private static final Attributes.Key<Credential> OF_CONNECTION =
            Attributes.Key.create("weft-connection-credential");
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";

    private final TokenAuthenticator tokens;
    private final Supplier<List<X509Certificate>> roots;
    private final RevisionSource revision;
    private final InstantSource clock;
    private final MeterRegistry meters;

    public CallerInterceptor(
            TokenAuthenticator tokens,
            Supplier<List<X509Certificate>> roots,
            RevisionSource revision,
            InstantSource clock,
            MeterRegistry meters) {
        this.tokens = tokens;
        this.roots = roots;
        this.revision = revision;
        this.clock = clock;
        this.meters = meters;
    }

    @Override
    public Attributes transportReady(Attributes transport) {
        var session = transport.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        var chain = session == null ? List.<X509Certificate>of() : certificates(session);
        if (chain.isEmpty()) {
            return transport;
        }
        return transport.toBuilder().set(OF_CONNECTION, judge(chain)).build();
    }

    private Credential judge(List<X509Certificate> chain) {
        var settings = revision.current();
        if (settings == null) {
            return new Credential.Undecided(
                    "this control plane has not read its MeshRevision yet: try again.");
        }
        return switch (CertificateIdentity.read(
                chain, roots.get(), settings.trustDomain(), clock.instant())) {
            case CertificateIdentity.Reading.Known(var pod) -> new Credential.Accepted(pod);
            case CertificateIdentity.Reading.Useless(var why) -> new Credential.Rejected(why);
        };
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return switch (credential(call, headers)) {
            case Credential.Accepted(var pod) -> {
                count("accepted");
                yield Contexts.interceptCall(
                        Context.current().withValue(PodIdentity.CONTEXT_KEY, pod),
                        call,
                        headers,
                        next);
            }
            case Credential.Rejected rejected -> end(call, rejected.status(), "rejected");
            case Credential.Undecided undecided -> end(call, undecided.status(), "undecided");
        };
    }

    private Credential credential(ServerCall<?, ?> call, Metadata headers) {
        var ofConnection = call.getAttributes().get(OF_CONNECTION);
        if (ofConnection instanceof Credential.Accepted) {
            return ofConnection;
        }
        var header = headers.get(AUTHORIZATION);
        if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return tokens.authenticate(header.substring(BEARER.length()).strip());
        }
        return ofConnection != null
                ? ofConnection
                : new Credential.Rejected(
                        "nobody is known to call: present a certificate of this mesh, or the token of"
                                + " /var/run/secrets/weft/token as 'authorization: Bearer TOKEN'.");
    }

    private <Q, A> ServerCall.Listener<Q> end(
            ServerCall<Q, A> call, Status status, String outcome) {
        count(outcome);
        LOG.warn(
                "{} from {} ended: {}",
                call.getMethodDescriptor().getFullMethodName(),
                call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
                status.getDescription());
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private void count(String outcome) {
        meters.counter("weft.calls.authenticated", "outcome", outcome).increment();
    }

    private static List<X509Certificate> certificates(SSLSession session) {
        try {
            return Arrays.stream(session.getPeerCertificates())
                    .filter(X509Certificate.class::isInstance)
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (SSLPeerUnverifiedException e) {
            return List.of(); // none was presented
        }
    }
}
