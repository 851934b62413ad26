package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;

/// The gRPC port.
final class GrpcPort {
    private static final Context.Key<Metadata> HEADERS = Context.key("headers");

    private final Server server;

    private GrpcPort(Server server) {
        this.server = server;
    }

    static GrpcPort open(int port, AppSettings settings, SeenRequests seen) throws IOException {
        var echo =
                ServerServiceDefinition.builder("weft.test.v1.Echo")
                        .addMethod(
                                EchoRpc.ECHO,
                                ServerCalls.asyncUnaryCall((request, answers) ->
                                        echo(settings, seen, request, answers)))
                        .addMethod(EchoRpc.CHAT, ServerCalls.asyncBidiStreamingCall(SendBack::new))
                        .build();
        var health =
                ServerServiceDefinition.builder("grpc.health.v1.Health")
                        .addMethod(
                                EchoRpc.HEALTH,
                                ServerCalls.asyncUnaryCall((request, answers) -> {
                                    answers.onNext(EchoRpc.SERVING);
                                    answers.onCompleted();
                                }))
                        .build();
        return new GrpcPort(
                NettyServerBuilder.forAddress(new InetSocketAddress(port))
                        .addService(echo)
                        .addService(health)
                        .intercept(new KeepHeaders())
                        .directExecutor()
                        .build()
                        .start());
    }

    int port() {
        return server.getPort();
    }

    void drain() {
        server.shutdown();
    }

    void stop() {
        server.shutdownNow();
    }

    private static void echo(
            AppSettings settings,
            SeenRequests seen,
            byte[] request,
            StreamObserver<byte[]> answers) {
        Metadata headers = HEADERS.get();
        String id = headers.get(EchoRpc.ID);
        String certificate = headers.get(EchoRpc.CERTIFICATE);
        RequestId.parse(id).ifPresent(seen::saw);
        var answer =
                new EchoAnswer(
                        settings.pod(),
                        settings.service(),
                        settings.version(),
                        settings.meshed(),
                        "gRPC",
                        id == null ? "" : id,
                        certificate != null,
                        PeerIdentity.uri(certificate),
                        new String(request, UTF_8));
        answers.onNext(answer.toJson().getBytes(UTF_8));
        answers.onCompleted();
    }

    private static final class SendBack implements StreamObserver<byte[]> {
        private final StreamObserver<byte[]> answers;

        SendBack(StreamObserver<byte[]> answers) {
            this.answers = answers;
        }

        @Override
        public void onNext(byte[] message) {
            answers.onNext(message);
        }

        @Override
        public void onError(Throwable gone) {}

        @Override
        public void onCompleted() {
            answers.onCompleted();
        }
    }

    private static final class KeepHeaders implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            return Contexts.interceptCall(
                    Context.current().withValue(HEADERS, headers), call, headers, next);
        }
    }
}
