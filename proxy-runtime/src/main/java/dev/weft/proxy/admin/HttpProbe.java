package dev.weft.proxy.admin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// An `httpGet` probe by the kubelet's rules: 200 to 399 is healthy, certificates are not verified,
/// redirects are followed on the same host and taken for healthy when they lead elsewhere.
final class HttpProbe {
    private static final int MAX_REDIRECTS = 10;
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final int LAST_PORT = 65_535;

    private final Probe.Http probe;
    private final InetAddress address;
    private final Connector connector;
    private final CompletableFuture<ProbeResult> result;

    /// Connects; completes the result when that fails, and closes the connection when there is a
    /// result.
    interface Connector {
        ChannelFuture connect(
                InetSocketAddress target,
                ChannelHandler handler,
                CompletableFuture<ProbeResult> result);
    }

    private record Step(boolean tls, int port, String path, int redirects) {}

    HttpProbe(
            Probe.Http probe,
            InetAddress address,
            Connector connector,
            CompletableFuture<ProbeResult> result) {
        this.probe = probe;
        this.address = address;
        this.connector = connector;
        this.result = result;
    }

    void start() {
        take(new Step(probe.tls(), probe.port(), probe.path(), 0));
    }

    private void take(Step step) {
        if (step.port() > LAST_PORT) {
            result.complete(ProbeResult.unhealthy("a redirect to port " + step.port()));
            return;
        }
        connector.connect(
                new InetSocketAddress(address, step.port()),
                new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) throws SSLException {
                        if (step.tls()) {
                            channel.pipeline()
                                    .addLast(
                                            SslContextBuilder.forClient()
                                                    .sslProvider(SslProvider.OPENSSL)
                                                    .trustManager(
                                                            InsecureTrustManagerFactory.INSTANCE)
                                                    .endpointIdentificationAlgorithm(null)
                                                    .build()
                                                    .newHandler(channel.alloc()));
                        }
                        channel.pipeline()
                                .addLast(new HttpClientCodec())
                                .addLast(new Exchange(step));
                    }
                },
                result);
    }

    private void answered(Step step, HttpResponse response) {
        int status = response.status().code();
        var next =
                status >= 300 && status < 400
                        ? redirect(step, response.headers().get(HttpHeaderNames.LOCATION))
                        : Optional.<Step>empty();
        if (next.isPresent() && step.redirects() == MAX_REDIRECTS) {
            result.complete(ProbeResult.unhealthy("more than " + MAX_REDIRECTS + " redirects"));
        } else if (next.isPresent()) {
            take(next.get());
        } else if (status >= 200 && status < 400) {
            result.complete(ProbeResult.healthy("status " + status));
        } else {
            result.complete(ProbeResult.unhealthy("status " + status));
        }
    }

    /// @return empty when it leads to another host, or nowhere
    private Optional<Step> redirect(Step step, @Nullable String location) {
        if (location == null) {
            return Optional.empty();
        }
        try {
            var from = URI.create(authority(step));
            var to = from.resolve(location);
            // It may be a name that is none in a URI, such as one with an underscore.
            boolean here = Objects.equals(from.getRawAuthority(), to.getRawAuthority());
            if (to.isOpaque()
                    || (!here
                            && (from.getHost() == null || !from.getHost().equals(to.getHost())))) {
                return Optional.empty();
            }
            boolean tls = "https".equals(to.getScheme());
            String path = to.getRawPath().isEmpty() ? "/" : to.getRawPath();
            int port =
                    here
                            ? step.port()
                            : to.getPort() > 0 ? to.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
            return Optional.of(
                    new Step(
                            tls,
                            port,
                            to.getRawQuery() == null ? path : path + "?" + to.getRawQuery(),
                            step.redirects() + 1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private String authority(Step step) {
        String host = probe.host().isEmpty() ? literal() : probe.host();
        return (step.tls() ? "https://" : "http://") + host + ":" + step.port() + step.path();
    }

    private String literal() {
        String literal = NetUtil.toAddressString(address);
        return literal.contains(":") ? "[" + literal + "]" : literal;
    }

    private final class Exchange extends SimpleChannelInboundHandler<HttpObject> {
        private final Step step;
        private boolean answered;

        Exchange(Step step) {
            this.step = step;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            var request =
                    new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, step.path());
            request.headers()
                    .set(
                            HttpHeaderNames.HOST,
                            (probe.host().isEmpty() ? literal() : probe.host()) + ":" + step.port())
                    .set(HttpHeaderNames.USER_AGENT, "kube-probe/weft")
                    .set(HttpHeaderNames.ACCEPT, "*/*")
                    .set(HttpHeaderNames.CONNECTION, "close");
            probe.headers().forEach(request.headers()::set);
            context.writeAndFlush(request);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
            if (!answered && message instanceof HttpResponse response) {
                answered = true;
                if (response.decoderResult().isSuccess()) {
                    answered(step, response);
                } else {
                    result.complete(ProbeResult.unhealthy("the answer is not HTTP"));
                }
                context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!answered) {
                result.complete(ProbeResult.unhealthy("closed without an answer"));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (!answered) {
                result.complete(ProbeResult.unhealthy(cause.toString()));
            }
            context.close();
        }
    }
}
