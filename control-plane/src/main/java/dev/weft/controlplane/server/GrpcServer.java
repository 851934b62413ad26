package dev.weft.controlplane.server;

import dev.weft.controlplane.auth.CallerInterceptor;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gRPC server that proxies come to. Each call runs on a virtual thread of its own, in order,
/// and may block.
public final class GrpcServer implements AutoCloseable {
    static final int MAX_CALLS_PER_CONNECTION = 32;
    static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
    static final int MAX_METADATA_BYTES = 32 * 1024;

    /// Streams move to another replica now and then, and a certificate's life bounds what it
    /// opened.
    private static final long MAX_CONNECTION_AGE_MINUTES = 60;

    private static final Logger LOG = LoggerFactory.getLogger(GrpcServer.class);

    private final int wantedPort;
    private final X509ExtendedKeyManager keys;
    private final CallerInterceptor caller;
    private final List<BindableService> services;
    private final ExecutorService executor =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-", 0).factory());
    private final EventLoopGroup acceptor =
            new NioEventLoopGroup(1, new DefaultThreadFactory("grpc-accept", true));
    private final EventLoopGroup workers =
            new NioEventLoopGroup(2, new DefaultThreadFactory("grpc-io", true));
    private @Nullable Server server;

    public GrpcServer(
            int port,
            X509ExtendedKeyManager keys,
            CallerInterceptor caller,
            List<? extends BindableService> services) {
        this.wantedPort = port;
        this.keys = keys;
        this.caller = caller;
        this.services = List.copyOf(services);
    }

    /// @throws IOException when the port is taken
    public synchronized void start() throws IOException {
        var builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(wantedPort))
                        .channelType(NioServerSocketChannel.class)
                        .bossEventLoopGroup(acceptor)
                        .workerEventLoopGroup(workers)
                        .executor(executor)
                        .sslContext(tls())
                        .addTransportFilter(caller)
                        .handshakeTimeout(10, TimeUnit.SECONDS)
                        .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                        .maxInboundMetadataSize(MAX_METADATA_BYTES)
                        .maxConnectionAge(MAX_CONNECTION_AGE_MINUTES, TimeUnit.MINUTES)
                        .maxConnectionAgeGrace(10, TimeUnit.SECONDS)
                        .keepAliveTime(30, TimeUnit.SECONDS)
                        .keepAliveTimeout(10, TimeUnit.SECONDS)
                        .permitKeepAliveTime(5, TimeUnit.SECONDS)
                        .permitKeepAliveWithoutCalls(true);
        for (var service : services) {
            builder.addService(ServerInterceptors.intercept(service, caller));
        }
        server = builder.build().start();
        LOG.info("gRPC server listens on port {}", port());
    }

    public synchronized boolean listening() {
        return server != null && !server.isShutdown();
    }

    /// The port that is listened on; it differs from the wanted one when that was 0.
    public synchronized int port() {
        return server == null ? wantedPort : server.getPort();
    }

    /// Tells proxies to go elsewhere (GOAWAY), then ends what is left.
    @Override
    public synchronized void close() {
        if (server != null) {
            server.shutdown();
            try {
                if (!server.awaitTermination(2, TimeUnit.SECONDS)) {
                    server.shutdownNow();
                }
            } catch (InterruptedException e) {
                server.shutdownNow();
                Thread.currentThread().interrupt();
            }
        }
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        executor.shutdown();
    }

    private SslContext tls() throws SSLException {
        return GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK)
                .protocols("TLSv1.3")
                .clientAuth(ClientAuth.OPTIONAL)
                .trustManager(new JudgedLater())
                .build();
    }
}
