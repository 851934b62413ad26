package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.proxy.testing.Eventually;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrpcIT {
    private static final MethodDescriptor<String, String> ECHO =
            method("Echo", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<String, String> FAIL =
            method("Fail", MethodDescriptor.MethodType.UNARY);
    private static final MethodDescriptor<String, String> TALK =
            method("Talk", MethodDescriptor.MethodType.BIDI_STREAMING);

    private final TwoProxies mesh = new TwoProxies();
    private Server app;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        app =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .addService(
                                ServerServiceDefinition.builder("test.Service")
                                        .addMethod(ECHO, ServerCalls.asyncUnaryCall(GrpcIT::echo))
                                        .addMethod(FAIL, ServerCalls.asyncUnaryCall(GrpcIT::fail))
                                        .addMethod(
                                                TALK,
                                                ServerCalls.asyncBidiStreamingCall(GrpcIT::talk))
                                        .build())
                        .build()
                        .start();
        mesh.serving(app.getPort()).calling();
        channel =
                NettyChannelBuilder.forAddress("127.0.0.1", mesh.outboundPort())
                        .usePlaintext()
                        .build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        app.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        mesh.close();
    }

    @Test
    void a_call_goes_over_mesh_tls() {
        assertThat(call(ECHO, "hello")).isEqualTo("hello");

        Eventually.holds(() -> assertThat(mesh.outbound.log.requests).hasSize(1));
        assertThat(mesh.outbound.log.requests.getFirst())
                .satisfies(log -> assertThat(log.protocol()).isEqualTo("gRPC"))
                .satisfies(log -> assertThat(log.peer()).isEqualTo(TwoProxies.SERVER_ID));
    }

    @Test
    void a_status_that_comes_as_trailers_only_reaches_the_client() {
        var failure = catchThrowableOfType(StatusRuntimeException.class, () -> call(FAIL, "x"));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.getStatus().getDescription()).isEqualTo("as asked");
    }

    @Test
    void a_stream_talks_in_both_directions() throws Exception {
        var answers = new AtomicInteger();
        var done = new CompletableFuture<Void>();
        var requests =
                ClientCalls.asyncBidiStreamingCall(
                        channel.newCall(TALK, CallOptions.DEFAULT),
                        new StreamObserver<String>() {
                            @Override
                            public void onNext(String answer) {
                                answers.incrementAndGet();
                            }

                            @Override
                            public void onError(Throwable failure) {
                                done.completeExceptionally(failure);
                            }

                            @Override
                            public void onCompleted() {
                                done.complete(null);
                            }
                        });

        requests.onNext("first");
        Eventually.holds(() -> assertThat(answers).hasValue(1));
        for (int i = 0; i < 2000; i++) {
            requests.onNext("message ".repeat(50));
        }
        requests.onCompleted();

        done.get(10, TimeUnit.SECONDS);
        assertThat(answers).hasValue(2001);
    }

    @Test
    void a_large_message_passes_both_flow_controls() {
        var large = "0123456789".repeat(300_000);

        assertThat(call(ECHO, large)).isEqualTo(large);
    }

    @Test
    void an_application_that_does_not_listen_is_unavailable() throws Exception {
        app.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);

        var failure = catchThrowableOfType(StatusRuntimeException.class, () -> call(ECHO, "x"));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failure.getStatus().getDescription()).startsWith("weft: ");
    }

    @Test
    void a_drain_loses_no_call() throws Exception {
        var failed = new AtomicInteger();
        var sent = new AtomicInteger();
        var stop = new CompletableFuture<Void>();
        var load =
                Thread.ofVirtual()
                        .start(() -> {
                            while (!stop.isDone()) {
                                try {
                                    call(ECHO, "n" + sent.incrementAndGet());
                                } catch (StatusRuntimeException failure) {
                                    failed.incrementAndGet();
                                }
                            }
                        });
        Eventually.holds(() -> assertThat(sent).hasValueGreaterThan(20));
        var oldConnections = mesh.inbound.plane.openConnections();

        mesh.inbound
                .plane
                .drainInbound(Duration.ofSeconds(5))
                .toCompletableFuture()
                .get(6, TimeUnit.SECONDS);
        var drained = sent.get();
        Eventually.holds(() -> assertThat(sent).hasValueGreaterThan(drained + 20));
        stop.complete(null);
        load.join();

        assertThat(oldConnections).isEqualTo(1);
        assertThat(failed).hasValue(0);
    }

    private String call(MethodDescriptor<String, String> method, String request) {
        return ClientCalls.blockingUnaryCall(
                channel,
                method,
                CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
                request);
    }

    private static void echo(String request, StreamObserver<String> answers) {
        answers.onNext(request);
        answers.onCompleted();
    }

    private static void fail(String request, StreamObserver<String> answers) {
        answers.onError(
                Status.FAILED_PRECONDITION.withDescription("as asked").asRuntimeException());
    }

    private static StreamObserver<String> talk(StreamObserver<String> answers) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String message) {
                answers.onNext(message);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {
                answers.onCompleted();
            }
        };
    }

    private static MethodDescriptor<String, String> method(
            String name, MethodDescriptor.MethodType type) {
        var text = new TextMarshaller();
        return MethodDescriptor.<String, String>newBuilder(text, text)
                .setFullMethodName("test.Service/" + name)
                .setType(type)
                .build();
    }

    private static final class TextMarshaller implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }
    }
}
