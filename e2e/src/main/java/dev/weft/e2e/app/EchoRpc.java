package dev.weft.e2e.app;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The gRPC methods, by hand: messages are bare bytes, so that no code has to be generated.
final class EchoRpc {
    static final Metadata.Key<String> ID =
            Metadata.Key.of(RequestId.HEADER, Metadata.ASCII_STRING_MARSHALLER);
    static final Metadata.Key<String> CERTIFICATE =
            Metadata.Key.of(PeerIdentity.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    /// Answers with the JSON of an [EchoAnswer].
    static final MethodDescriptor<byte[], byte[]> ECHO =
            method(MethodDescriptor.MethodType.UNARY, "weft.test.v1.Echo/Echo");

    /// Sends every message back.
    static final MethodDescriptor<byte[], byte[]> CHAT =
            method(MethodDescriptor.MethodType.BIDI_STREAMING, "weft.test.v1.Echo/Chat");

    /// The standard health service; the answer is `SERVING` for every service.
    static final MethodDescriptor<byte[], byte[]> HEALTH =
            method(MethodDescriptor.MethodType.UNARY, "grpc.health.v1.Health/Check");

    static final byte[] SERVING = {0x08, 0x01};

    private EchoRpc() {}

    private static MethodDescriptor<byte[], byte[]> method(
            MethodDescriptor.MethodType type, String name) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(type)
                .setFullMethodName(name)
                .setRequestMarshaller(Bytes.INSTANCE)
                .setResponseMarshaller(Bytes.INSTANCE)
                .build();
    }

    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        INSTANCE;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }
}
