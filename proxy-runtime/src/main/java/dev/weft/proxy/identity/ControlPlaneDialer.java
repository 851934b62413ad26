package dev.weft.proxy.identity;

import dev.weft.proxy.bootstrap.ControlPlane;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/// Opens connections to control planes: the server is checked against the mesh's roots and its host
/// name; this pod shows its certificate if it has a valid one, else its token, read anew each time
/// because the kubelet renews it.
public final class ControlPlaneDialer {
    /// A configuration of 64 MiB would not fit the state volume either.
    private static final int MAX_MESSAGE_BYTES = 64 << 20;

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Path token;
    private final EventLoopGroup loop;
    private final Executor callbacks;
    private final Supplier<Optional<Roots>> roots;
    private final Supplier<Optional<Identity>> identity;

    ControlPlaneDialer(
            Path token,
            EventLoopGroup loop,
            Executor callbacks,
            Supplier<Optional<Roots>> roots,
            Supplier<Optional<Identity>> identity) {
        this.token = token;
        this.loop = loop;
        this.callbacks = callbacks;
        this.roots = roots;
        this.identity = identity;
    }

    /// Callbacks of its calls run on the control thread. Whoever dials closes.
    ///
    /// @throws NotReady when what is needed to dial safely is not there yet
    public Connection dial(ControlPlane target) throws NotReady {
        var builder =
                NettyChannelBuilder.forAddress(target.host(), target.port())
                        .eventLoopGroup(loop)
                        .channelFactory(ControlPlaneDialer::channel)
                        .executor(callbacks)
                        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                        .disableRetry()
                        .disableServiceConfigLookUp()
                        // the kernel finds dead hosts within 25 s; pings, which servers may forbid
                        // to
                        // be frequent, find hung processes
                        .withOption(ChannelOption.SO_KEEPALIVE, true)
                        .withOption(EpollChannelOption.TCP_KEEPIDLE, 10)
                        .withOption(EpollChannelOption.TCP_KEEPINTVL, 5)
                        .withOption(EpollChannelOption.TCP_KEEPCNT, 3)
                        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5_000)
                        .keepAliveTime(5, TimeUnit.MINUTES)
                        .keepAliveTimeout(10, TimeUnit.SECONDS);
        if (target.serverName() == null) {
            var channel = builder.usePlaintext().build();
            return new Connection(channel, channel, "nothing, in clear");
        }
        var own = identity.get();
        var channel =
                builder.sslContext(sslContext(own)).overrideAuthority(target.serverName()).build();
        if (own.isPresent()) {
            return new Connection(channel, channel, "the certificate");
        }
        try {
            return new Connection(
                    channel, ClientInterceptors.intercept(channel, bearer()), "the token");
        } catch (IOException e) {
            channel.shutdownNow();
            throw new NotReady("neither a valid certificate nor a readable token " + token);
        }
    }

    private static EpollSocketChannel channel() {
        var channel = new EpollSocketChannel();
        channel.pipeline().addLast(new FailedConnect());
        return channel;
    }

    private ClientInterceptor bearer() throws IOException {
        var headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + Files.readString(token).strip());
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    private SslContext sslContext(Optional<Identity> own) throws NotReady {
        var trusted =
                roots.get().orElseThrow(() -> new NotReady("the mesh's roots are not mounted yet"));
        var builder =
                GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.OPENSSL)
                        .protocols("TLSv1.3")
                        .keyStoreType(TlsContexts.KEY_STORE)
                        .trustManager(trusted.certificates().toArray(X509Certificate[]::new));
        own.ifPresent(
                me -> builder.keyManager(me.key(), me.chain().toArray(X509Certificate[]::new)));
        try {
            return builder.build();
        } catch (SSLException e) {
            throw new NotReady("TLS could not be set up: " + e.getMessage());
        }
    }

    /// Closes a channel that does not get connected: gRPC leaves that to the kernel. Where a SYN is
    /// refused by ICMP on this very host, as kube-proxy refuses a Service without endpoints, the
    /// kernel keeps the socket for a second, to send the SYN again, and reports an error all that
    /// time: the event loop would turn without a pause.
    private static final class FailedConnect extends ChannelOutboundHandlerAdapter {
        @Override
        public void connect(
                ChannelHandlerContext context,
                SocketAddress remote,
                SocketAddress local,
                ChannelPromise connected) {
            connected.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            context.connect(remote, local, connected);
        }
    }

    /// An open way to a control plane.
    ///
    /// @param calls make calls on this one: it adds the credentials
    /// @param shown what it shows of this pod, for the log
    public record Connection(ManagedChannel channel, Channel calls, String shown)
            implements AutoCloseable {
        @Override
        public void close() {
            channel.shutdownNow();
        }
    }

    /// Dialling is not possible yet; later it may be.
    public static final class NotReady extends Exception {
        private static final long serialVersionUID = 1L;

        NotReady(String message) {
            super(message);
        }
    }
}
