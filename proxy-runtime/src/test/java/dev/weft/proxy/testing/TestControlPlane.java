package dev.weft.proxy.testing;

import com.google.protobuf.Any;
import com.google.protobuf.BytesValue;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// A control plane over real TLS that serves the resources that a test gives it, and remembers what
/// it was told.
public final class TestControlPlane implements AutoCloseable {
    public static final String HOST = "control-plane.test";
    public static final String ID = "spiffe://cluster.local/ns/shop/sa/web";

    private static final Context.Key<String> SHOWN = Context.key("shown");

    private final TestAuthority authority;
    private final Map<ResourceType, Map<String, Resource>> resources =
            new EnumMap<>(ResourceType.class);
    private final List<Conversation> conversations = new CopyOnWriteArrayList<>();

    public final List<String> signedFor = new CopyOnWriteArrayList<>();
    public volatile Duration lifetime = Duration.ofHours(1);
    public volatile String identity = ID;
    public volatile boolean signs = true;

    /// Whether to leave a first request without answer when nothing differs.
    public volatile boolean silent;

    /// A named resource that is never sent, nor said to be absent.
    public volatile String withheld = "";

    private @Nullable Server server;
    private int port;

    public TestControlPlane(TestAuthority authority) {
        this.authority = authority;
        for (ResourceType type : ResourceType.values()) {
            resources.put(type, new TreeMap<>());
        }
    }

    public TestControlPlane start() {
        return start(HOST);
    }

    /// What is told of load, to be asked for by its [Reports#ask].
    public final Reports reports = new Reports();

    /// @param host the name in its certificate
    public TestControlPlane start(String host) {
        var own = authority.server(host);
        try {
            server =
                    NettyServerBuilder.forAddress(
                                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))
                            .sslContext(
                                    GrpcSslContexts.configure(
                                                    SslContextBuilder.forServer(
                                                            own.key(), own.certificate()),
                                                    SslProvider.OPENSSL)
                                            .trustManager(authority.root())
                                            .clientAuth(ClientAuth.OPTIONAL)
                                            .build())
                            .addService(ServerInterceptors.intercept(new Ads(), new Credentials()))
                            .addService(ServerInterceptors.intercept(signing(), new Credentials()))
                            .addService(reports)
                            .build()
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        port = server.getPort();
        return this;
    }

    /// Cuts every connection; a later start takes the same port.
    public void stop() {
        var running = server;
        if (running != null) {
            running.shutdownNow();
            try {
                running.awaitTermination(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            server = null;
        }
    }

    @Override
    public void close() {
        stop();
    }

    public int port() {
        return port;
    }

    public ControlPlane as(String revision) {
        return new ControlPlane(revision, "127.0.0.1", port, HOST, Node.getDefaultInstance());
    }

    public synchronized void put(ResourceType type, String name, String version, Message body) {
        of(resources, type).put(name, resource(name, version, body));
        conversations.forEach(c -> c.push(type));
    }

    public static Resource resource(String name, String version, Message body) {
        return Resource.newBuilder()
                .setName(name)
                .setVersion(version)
                .setResource(Any.pack(body))
                .build();
    }

    public synchronized void remove(ResourceType type, String name) {
        of(resources, type).remove(name);
        conversations.forEach(c -> c.push(type));
    }

    private static <T> T of(Map<ResourceType, T> byType, ResourceType type) {
        return Objects.requireNonNull(byType.get(type));
    }

    /// Every conversation there has been, the latest last.
    public List<Conversation> conversations() {
        return List.copyOf(conversations);
    }

    public Conversation latest() {
        return conversations.getLast();
    }

    /// One stream.
    public final class Conversation implements StreamObserver<DeltaDiscoveryRequest> {
        public final List<DeltaDiscoveryRequest> requests = new CopyOnWriteArrayList<>();
        public final List<DeltaDiscoveryResponse> responses = new CopyOnWriteArrayList<>();
        public final String shown = SHOWN.get();
        public volatile boolean over;
        public volatile long overNanos;

        private final StreamObserver<DeltaDiscoveryResponse> out;
        private final Map<ResourceType, Map<String, String>> known =
                new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, Set<String>> names = new EnumMap<>(ResourceType.class);
        private final Set<ResourceType> wildcards = new HashSet<>();
        private int nonce;

        Conversation(StreamObserver<DeltaDiscoveryResponse> out) {
            this.out = out;
        }

        @Override
        public void onNext(DeltaDiscoveryRequest request) {
            synchronized (TestControlPlane.this) {
                requests.add(request);
                var type = ResourceType.of(request.getTypeUrl()).orElseThrow();
                boolean first = !known.containsKey(type);
                var versions = known.computeIfAbsent(type, t -> new HashMap<>());
                if (first) {
                    versions.putAll(request.getInitialResourceVersionsMap());
                    if (request.getResourceNamesSubscribeCount() == 0) {
                        wildcards.add(type);
                    }
                }
                names.computeIfAbsent(type, t -> new HashSet<>())
                        .addAll(request.getResourceNamesSubscribeList());
                of(names, type).removeAll(request.getResourceNamesUnsubscribeList());
                request.getResourceNamesUnsubscribeList().forEach(versions::remove);
                if (request.getResponseNonce().isEmpty()) {
                    push(type, first && wildcards.contains(type) && !silent, request);
                }
            }
        }

        void push(ResourceType type) {
            if (known.containsKey(type)) {
                push(type, false, DeltaDiscoveryRequest.getDefaultInstance());
            }
        }

        private void push(ResourceType type, boolean anyway, DeltaDiscoveryRequest asked) {
            var there = of(resources, type);
            var versions = of(known, type);
            var response = DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.typeUrl());
            there.forEach((name, resource) -> {
                boolean wanted =
                        wildcards.contains(type)
                                || of(names, type).contains(name) && !name.equals(withheld);
                if (wanted && !resource.getVersion().equals(versions.get(name))) {
                    response.addResources(resource);
                    versions.put(name, resource.getVersion());
                }
            });
            for (String name : new ArrayList<>(versions.keySet())) {
                if (!there.containsKey(name)) {
                    response.addRemovedResources(name);
                    versions.remove(name);
                }
            }
            for (String name : asked.getResourceNamesSubscribeList()) {
                if (!there.containsKey(name)) {
                    response.addRemovedResources(name);
                }
            }
            if (anyway || response.getResourcesCount() + response.getRemovedResourcesCount() > 0) {
                send(response);
            }
        }

        /// Sends a response of the test's own making.
        public void send(DeltaDiscoveryResponse.Builder response) {
            synchronized (TestControlPlane.this) {
                if (over) {
                    return;
                }
                var sent = response.setNonce("n" + ++nonce).build();
                responses.add(sent);
                out.onNext(sent);
            }
        }

        /// Ends the stream from this side.
        public void abort() {
            synchronized (TestControlPlane.this) {
                end();
                out.onError(Status.UNAVAILABLE.withDescription("told to").asRuntimeException());
            }
        }

        private void end() {
            if (!over) {
                overNanos = System.nanoTime();
                over = true;
            }
        }

        public List<DeltaDiscoveryRequest> requests(ResourceType type) {
            return requests.stream().filter(r -> r.getTypeUrl().equals(type.typeUrl())).toList();
        }

        public long acks() {
            return requests.stream()
                    .filter(r -> !r.getResponseNonce().isEmpty() && !r.hasErrorDetail())
                    .count();
        }

        @Override
        public void onError(Throwable failure) {
            end();
        }

        @Override
        public void onCompleted() {
            end();
            out.onCompleted();
        }
    }

    private final class Ads
            extends AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase {
        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                StreamObserver<DeltaDiscoveryResponse> out) {
            var conversation = new Conversation(out);
            // with a handler, writing to a proxy that has just gone does no harm
            ((ServerCallStreamObserver<DeltaDiscoveryResponse>) out)
                    .setOnCancelHandler(conversation::end);
            conversations.add(conversation);
            return conversation;
        }
    }

    private ServerServiceDefinition signing() {
        var sign =
                MethodDescriptor.<BytesValue, StringValue>newBuilder()
                        .setType(MethodDescriptor.MethodType.UNARY)
                        .setFullMethodName("weft.security.v1.CertificateService/Sign")
                        .setRequestMarshaller(
                                ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                        .setResponseMarshaller(
                                ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                        .build();
        return ServerServiceDefinition.builder("weft.security.v1.CertificateService")
                .addMethod(sign, ServerCalls.asyncUnaryCall(this::sign))
                .build();
    }

    private void sign(BytesValue request, StreamObserver<StringValue> answer) {
        if (!signs) {
            answer.onError(Status.UNAVAILABLE.withDescription("not now").asRuntimeException());
            return;
        }
        signedFor.add(SHOWN.get());
        var leaf = authority.sign(request.getValue().toByteArray(), identity, lifetime);
        answer.onNext(StringValue.of(TestAuthority.pem(leaf)));
        answer.onCompleted();
    }

    /// Notes what the caller shows: `certificate`, `Bearer …` or `nothing`.
    private static final class Credentials implements ServerInterceptor {
        private static final Metadata.Key<String> AUTHORIZATION =
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

        @Override
        public <A, B> ServerCall.Listener<A> interceptCall(
                ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
            String shown = headers.get(AUTHORIZATION);
            var session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
            try {
                if (session != null && session.getPeerCertificates().length > 0) {
                    shown = "certificate";
                }
            } catch (SSLPeerUnverifiedException e) {
                // shows none
            }
            return Contexts.interceptCall(
                    Context.current().withValue(SHOWN, shown == null ? "nothing" : shown),
                    call,
                    headers,
                    next);
        }
    }
}
