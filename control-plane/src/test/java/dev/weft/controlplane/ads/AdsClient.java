package dev.weft.controlplane.ads;

import dev.weft.controlplane.auth.PodIdentity;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A proxy on a real gRPC stream, within the process. Everything runs on the thread that causes it,
/// so what was not received after a call will not come.
final class AdsClient implements AutoCloseable {
    static final String CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    static final String ENDPOINTS =
            "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    static final String LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";
    static final String ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

    private final Server server;
    private final ManagedChannel channel;
    private final BlockingQueue<DeltaDiscoveryResponse> received = new LinkedBlockingQueue<>();
    private final StreamObserver<DeltaDiscoveryRequest> stream;
    volatile @Nullable Throwable failure;

    AdsClient(AdsService service, @Nullable PodIdentity pod) throws IOException {
        String name = InProcessServerBuilder.generateName();
        server =
                InProcessServerBuilder.forName(name)
                        .directExecutor()
                        .intercept(new Caller(pod))
                        .addService(service)
                        .build()
                        .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        stream =
                AggregatedDiscoveryServiceGrpc.newStub(channel)
                        .deltaAggregatedResources(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(DeltaDiscoveryResponse response) {
                                        received.add(response);
                                    }

                                    @Override
                                    public void onError(Throwable broken) {
                                        failure = broken;
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
    }

    private record Caller(@Nullable PodIdentity pod) implements ServerInterceptor {
        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            Context context =
                    pod == null
                            ? Context.current()
                            : Context.current().withValue(PodIdentity.CONTEXT_KEY, pod);
            return Contexts.interceptCall(context, call, headers, next);
        }
    }

    static DeltaDiscoveryRequest.Builder request(String type, String... names) {
        return DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(type)
                .setNode(
                        Node.newBuilder()
                                .setUserAgentName("weft")
                                .setUserAgentVersion("0.2.0")
                                .addClientFeatures("weft.upstream-service-time"))
                .addAllResourceNamesSubscribe(List.of(names));
    }

    void send(DeltaDiscoveryRequest.Builder request) {
        stream.onNext(request.build());
    }

    void subscribe(String type, String... names) {
        send(request(type, names));
    }

    void ack(DeltaDiscoveryResponse response) {
        send(
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(response.getTypeUrl())
                        .setResponseNonce(response.getNonce()));
    }

    void nack(DeltaDiscoveryResponse response, String why) {
        send(
                DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(response.getTypeUrl())
                        .setResponseNonce(response.getNonce())
                        .setErrorDetail(
                                com.google.rpc.Status.newBuilder().setCode(3).setMessage(why)));
    }

    DeltaDiscoveryResponse receive() throws InterruptedException {
        DeltaDiscoveryResponse response = received.poll(5, TimeUnit.SECONDS);
        if (response == null) {
            throw new AssertionError("no response came; the stream's failure is " + failure);
        }
        return response;
    }

    DeltaDiscoveryResponse receiveAndAck() throws InterruptedException {
        DeltaDiscoveryResponse response = receive();
        ack(response);
        return response;
    }

    boolean hasNothingReceived() {
        return received.isEmpty();
    }

    static List<String> names(DeltaDiscoveryResponse response) {
        return response.getResourcesList().stream().map(Resource::getName).sorted().toList();
    }

    @Override
    public void close() throws InterruptedException {
        channel.shutdownNow();
        server.shutdownNow();
        channel.awaitTermination(5, TimeUnit.SECONDS);
        server.awaitTermination(5, TimeUnit.SECONDS);
    }
}
