package dev.weft.proxy.cluster;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One TCP connection to an endpoint that may be away for a moment. While its proxy is replaced
/// nobody answers a SYN, and the kernel repeats one only after a second; so a second socket tries
/// beside the first one, anew four times a second. The first to be connected is taken.
///
/// All of it on one event loop.
final class Dial {
    private static final Duration AGAIN = Duration.ofMillis(250);

    private final Bootstrap bootstrap;
    private final InetSocketAddress address;
    private final Promise<Channel> connected;
    private final Future<?> again;
    private @Nullable ChannelFuture first;
    private @Nullable ChannelFuture repeated;

    private Dial(
            EventLoop loop,
            Bootstrap bootstrap,
            InetSocketAddress address,
            Promise<Channel> connected) {
        this.bootstrap = bootstrap;
        this.address = address;
        this.connected = connected;
        this.again =
                loop.scheduleAtFixedRate(
                        this::repeat, AGAIN.toMillis(), AGAIN.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Fails as the first socket does: when the bootstrap's connect timeout is over, or at once
    /// when the endpoint refuses.
    static Future<Channel> start(EventLoop loop, Bootstrap bootstrap, InetSocketAddress address) {
        Promise<Channel> connected = loop.newPromise();
        var dial = new Dial(loop, bootstrap, address, connected);
        connected.addListener(_ -> dial.end());
        dial.first = dial.attempt();
        dial.first.addListener((ChannelFuture done) -> {
            if (!done.isSuccess()) {
                connected.tryFailure(done.cause());
            }
        });
        return connected;
    }

    private void repeat() {
        if (repeated != null) {
            repeated.channel().close();
        }
        repeated = attempt();
    }

    private ChannelFuture attempt() {
        var attempt = bootstrap.connect(address);
        attempt.addListener((ChannelFuture done) -> {
            if (done.isSuccess() && !connected.trySuccess(done.channel())) {
                done.channel().close();
            }
        });
        return attempt;
    }

    private void end() {
        again.cancel(false);
        for (var attempt : new ChannelFuture[] {first, repeated}) {
            if (attempt != null && attempt.channel() != connected.getNow()) {
                attempt.channel().close();
            }
        }
    }
}
