package dev.weft.proxy.admin;

import com.google.protobuf.Int32Value;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// Performs a probe as the kubelet would have, against an address of the pod. Each ends within its
/// own timeout.
final class Prober {
    /// These ports are open to everybody, and each probe is a connection to the application.
    static final int MAX_RUNNING = 64;

    /// `grpc.health.v1.Health/Check`, by messages of the same wire format: request {1: service},
    /// answer {1: status}.
    private static final MethodDescriptor<StringValue, Int32Value> CHECK =
            MethodDescriptor.<StringValue, Int32Value>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("grpc.health.v1.Health/Check")
                    .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(Int32Value.getDefaultInstance()))
                    .build();

    private static final int SERVING = 1;

    private final EventLoopGroup loop;
    private final Map<Asked, CompletionStage<ProbeResult>> running = new HashMap<>();

    /// What is asked, and where.
    private record Asked(Probe probe, InetAddress address) {}

    Prober(EventLoopGroup loop) {
        this.loop = loop;
    }

    /// Who asks what is being asked already gets the same answer: a pod has few probes, and nobody
    /// keeps the kubelet's out by asking for them often. On the event loop.
    CompletionStage<ProbeResult> perform(Probe probe, InetAddress address) {
        var asked = new Asked(probe, address);
        var same = running.get(asked);
        if (same != null) {
            return same;
        }
        if (running.size() >= MAX_RUNNING) {
            return CompletableFuture.completedStage(
                    ProbeResult.unhealthy("too many probes at a time, try again"));
        }
        var result = new CompletableFuture<ProbeResult>();
        running.put(asked, result);
        begin(probe, address, result);
        return result.whenComplete(
                (done, failure) -> loop.execute(() -> running.remove(asked, result)));
    }

    private void begin(Probe probe, InetAddress address, CompletableFuture<ProbeResult> result) {
        var target = new InetSocketAddress(address, probe.port());
        switch (probe) {
            case Probe.Http http -> new HttpProbe(http, address, this::connect, result).start();
            case Probe.Tcp tcp -> tcp(target, result);
            case Probe.Grpc grpc -> grpc(grpc, target, result);
        }
        var timeout =
                loop.schedule(
                        () ->
                                result.complete(
                                        ProbeResult.unhealthy(
                                                "no answer within "
                                                        + probe.timeout().toSeconds()
                                                        + " s")),
                        probe.timeout().toMillis(),
                        TimeUnit.MILLISECONDS);
        result.whenComplete((done, failure) -> timeout.cancel(false));
    }

    private void tcp(InetSocketAddress target, CompletableFuture<ProbeResult> result) {
        connect(target, new ChannelInboundHandlerAdapter(), result)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        result.complete(ProbeResult.healthy("connected"));
                    }
                });
    }

    private ChannelFuture connect(
            InetSocketAddress target,
            ChannelHandler handler,
            CompletableFuture<ProbeResult> result) {
        var connected =
                new Bootstrap()
                        .group(loop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .handler(handler)
                        .connect(target);
        connected.addListener(done -> {
            if (!done.isSuccess()) {
                result.complete(ProbeResult.unhealthy(done.cause().toString()));
            }
        });
        result.whenComplete((done, failure) -> connected.channel().close());
        return connected;
    }

    private void grpc(
            Probe.Grpc probe, InetSocketAddress target, CompletableFuture<ProbeResult> result) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(target)
                        .eventLoopGroup(loop)
                        .channelType(EpollSocketChannel.class)
                        .directExecutor()
                        .disableRetry()
                        .usePlaintext()
                        .build();
        result.whenComplete((done, failure) -> channel.shutdownNow());
        ClientCalls.asyncUnaryCall(
                channel.newCall(CHECK, CallOptions.DEFAULT),
                StringValue.of(probe.service()),
                new StreamObserver<>() {
                    @Override
                    public void onNext(Int32Value status) {
                        result.complete(
                                status.getValue() == SERVING
                                        ? ProbeResult.healthy("serving")
                                        : ProbeResult.unhealthy("status " + status.getValue()));
                    }

                    @Override
                    public void onError(Throwable failure) {
                        result.complete(
                                ProbeResult.unhealthy(Status.fromThrowable(failure).toString()));
                    }

                    @Override
                    public void onCompleted() {}
                });
    }
}
