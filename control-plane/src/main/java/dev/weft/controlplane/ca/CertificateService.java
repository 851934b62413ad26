package dev.weft.controlplane.ca;

import com.google.protobuf.BytesValue;
import com.google.protobuf.StringValue;
import dev.weft.controlplane.auth.PodIdentity;
import dev.weft.controlplane.revision.RevisionSource;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gRPC method that signs. The caller is known already: see [PodIdentity#CONTEXT_KEY].
public final class CertificateService implements BindableService {
    public static final String NAME = "weft.security.v1.CertificateService";

    /// A CSR in, a PEM chain out, leaf first; both well-known types, so that there is no schema to
    /// share.
    public static final MethodDescriptor<BytesValue, StringValue> SIGN =
            MethodDescriptor.<BytesValue, StringValue>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "Sign"))
                    .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                    .build();

    private static final Logger LOG = LoggerFactory.getLogger(CertificateService.class);

    private final CertificateAuthority authority;
    private final RevisionSource revision;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final SigningBudget budget = new SigningBudget();

    public CertificateService(
            CertificateAuthority authority,
            RevisionSource revision,
            InstantSource clock,
            MeterRegistry meters) {
        this.authority = authority;
        this.revision = revision;
        this.clock = clock;
        this.meters = meters;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return ServerServiceDefinition.builder(NAME)
                .addMethod(SIGN, ServerCalls.asyncUnaryCall(this::sign))
                .build();
    }

    private void sign(BytesValue request, StreamObserver<StringValue> answer) {
        var caller = PodIdentity.CONTEXT_KEY.get();
        if (caller == null) {
            answer.onError(
                    Status.UNAUTHENTICATED
                            .withDescription("nobody is known to call.")
                            .asRuntimeException());
            return;
        }
        switch (decide(request, caller)) {
            case Outcome.Signed(var chain) -> {
                count("signed");
                answer.onNext(StringValue.of(chain));
                answer.onCompleted();
            }
            case Outcome.Refused(var status) -> {
                count(status.getCode().name());
                LOG.warn("no certificate for {}: {}", caller, status.getDescription());
                answer.onError(status.asRuntimeException());
            }
        }
    }

    private Outcome decide(BytesValue request, PodIdentity caller) {
        var settings = revision.current();
        var root = authority.root();
        var problem = authority.problem();
        if (settings == null || root == null || problem != null) {
            var why = problem == null ? "its MeshRevision was not read yet." : problem;
            return new Outcome.Refused(
                    Status.UNAVAILABLE.withDescription(
                            "this control plane cannot sign: " + why + " Try again."));
        }
        if (!budget.take(caller.uid(), clock.instant())) {
            return new Outcome.Refused(
                    Status.RESOURCE_EXHAUSTED.withDescription(
                            "pod "
                                    + caller
                                    + " asked for more than "
                                    + SigningBudget.BURST
                                    + " certificates at once: try again in "
                                    + SigningBudget.INTERVAL.toSeconds()
                                    + " s."));
        }
        return switch (SigningRequest.judge(
                request.getValue().toByteArray(), caller, settings.trustDomain())) {
            case SigningRequest.Granted(var key) -> {
                var leaf =
                        authority.workload(
                                root,
                                caller,
                                key,
                                settings.trustDomain(),
                                settings.workloadCertificateLifetime());
                LOG.info(
                        "signed {} for {}, valid until {}",
                        caller.spiffeId(settings.trustDomain()),
                        caller,
                        leaf.getNotAfter().toInstant());
                yield new Outcome.Signed(TrustRoot.pem(List.of(leaf)));
            }
            case SigningRequest.Malformed(var why) ->
                    new Outcome.Refused(Status.INVALID_ARGUMENT.withDescription(why));
            case SigningRequest.Denied(var why) ->
                    new Outcome.Refused(Status.PERMISSION_DENIED.withDescription(why));
        };
    }

    private void count(String outcome) {
        meters.counter("weft.certificates.requests", "outcome", outcome).increment();
    }

    private sealed interface Outcome {
        record Signed(String chain) implements Outcome {}

        record Refused(Status status) implements Outcome {}
    }
}
