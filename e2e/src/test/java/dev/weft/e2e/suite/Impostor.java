package dev.weft.e2e.suite;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/// Asks the control plane for a certificate as a meshed pod's proxy does, with a token that is
/// bound to the pod. What it asks for need not be the pod's own.
public final class Impostor {
    /// The audience that the control plane wants.
    public static final String RIGHT_AUDIENCE = "weft.dev/control-plane";

    private static final int PORT = 15010;
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final MethodDescriptor<byte[], byte[]> SIGN =
            MethodDescriptor.<byte[], byte[]>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("weft.security.v1.CertificateService/Sign")
                    .setRequestMarshaller(new Bytes())
                    .setResponseMarshaller(new Bytes())
                    .build();

    private final TestMesh mesh;
    private final String account;
    private final ObjectMeta pod;

    /// @param deployment a meshed one with one pod, whose ServiceAccount has its name
    public Impostor(TestMesh mesh, String deployment) {
        this.mesh = mesh;
        this.account = deployment;
        this.pod = mesh.workloads().onlyPod(TestMesh.MESHED, deployment).getMetadata();
    }

    /// Asks for a certificate for the SPIFFE id.
    ///
    /// @return `OK`, or why there is none
    public Status ask(String audience, String spiffeId) {
        String token = token(audience);
        String controlPlane = controlPlane();
        try (var forward =
                mesh.client()
                        .pods()
                        .inNamespace(Names.NAMESPACE)
                        .withName(controlPlane)
                        .portForward(PORT)) {
            var channel = channel(forward.getLocalPort(), controlPlane);
            try {
                return sign(withToken(channel, token), request(spiffeId));
            } finally {
                channel.shutdownNow();
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private String token(String audience) {
        return mesh.cluster()
                .kubectl(
                        "-n",
                        TestMesh.MESHED,
                        "create",
                        "token",
                        account,
                        "--audience=" + audience,
                        "--bound-object-kind=Pod",
                        "--bound-object-name=" + pod.getName(),
                        "--bound-object-uid=" + pod.getUid())
                .orThrow()
                .strip();
    }

    private String controlPlane() {
        return mesh.client().pods().inNamespace(Names.NAMESPACE).list().getItems().stream()
                .map(it -> it.getMetadata().getName())
                .filter(name -> name.startsWith("weft-control-plane-"))
                .findFirst()
                .orElseThrow();
    }

    /// Trusts what a proxy trusts: the roots in the namespace's ConfigMap.
    private ManagedChannel channel(int port, String controlPlane) throws IOException {
        var data =
                mesh.client()
                        .configMaps()
                        .inNamespace(TestMesh.MESHED)
                        .withName("weft-mesh")
                        .require()
                        .getData();
        String roots = data.getOrDefault("roots.pem", "");
        String deployment = controlPlane.replaceFirst("-[^-]+-[^-]+$", "");
        return NettyChannelBuilder.forAddress("127.0.0.1", port)
                .overrideAuthority(deployment + "." + Names.NAMESPACE + ".svc")
                .sslContext(
                        GrpcSslContexts.forClient()
                                .trustManager(new ByteArrayInputStream(roots.getBytes(UTF_8)))
                                .build())
                .build();
    }

    private static Channel withToken(Channel channel, String token) {
        var headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + token);
        return ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private static Status sign(Channel channel, byte[] request) {
        try {
            ClientCalls.blockingUnaryCall(
                    channel,
                    SIGN,
                    CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                    request);
            return Status.OK;
        } catch (StatusRuntimeException refused) {
            return refused.getStatus();
        }
    }

    private static byte[] request(String spiffeId) {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            var pair = generator.generateKeyPair();
            var extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId)));
            return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic())
                    .addAttribute(
                            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
                    .getEncoded();
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("no signing request", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The well-known wrapper messages of protobuf, as far as this call has them: one field of
    /// bytes.
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        private static final int FIELD_ONE_BYTES = 0x0a;

        @Override
        public InputStream stream(byte[] value) {
            var message = new ByteArrayOutputStream();
            message.write(FIELD_ONE_BYTES);
            for (int rest = value.length; ; rest >>>= 7) {
                message.write(rest > 0x7f ? rest & 0x7f | 0x80 : rest);
                if (rest <= 0x7f) {
                    break;
                }
            }
            message.writeBytes(value);
            return new ByteArrayInputStream(message.toByteArray());
        }

        @Override
        public byte[] parse(InputStream message) {
            try {
                return message.readAllBytes();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }
}
