package dev.weft.proxy.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.TimeUnit;

/// The control plane's signing method; made of well-known types, so that it needs no generated
/// code.
final class CertificateService {
    static final MethodDescriptor<BytesValue, StringValue> SIGN =
            MethodDescriptor.<BytesValue, StringValue>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("weft.security.v1.CertificateService/Sign")
                    .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                    .build();

    private static final long TIMEOUT_SECONDS = 5;

    private CertificateService() {}

    static void sign(Channel channel, byte[] request, StreamObserver<StringValue> answer) {
        ClientCalls.asyncUnaryCall(
                channel.newCall(
                        SIGN,
                        CallOptions.DEFAULT.withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)),
                BytesValue.of(ByteString.copyFrom(request)),
                answer);
    }
}
