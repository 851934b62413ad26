package dev.weft.proxy.accept;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ChainTarget.Codec;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.ServerTls;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.http.HttpServer;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.tcp.TcpProxy;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An accepted connection and the listener that it came to. Installs what serves a filter chain of
/// that listener as the channel's last handlers; what was read before comes to them by
/// `channelRead`.
record Arrival(
        Worker worker, ListenerSpec listener, Origin origin, Instant start, Channel channel) {
    private static final byte[] LINE_END = {'\n'};

    /// Another listener takes it, because of its original destination.
    Arrival handedTo(ListenerSpec other) {
        var from = new Origin(other.direction(), other.name(), origin.destination());
        return new Arrival(worker, other, from, start, channel);
    }

    /// What its ClientHello asks for is known.
    Arrival asking(Sniffed sniffed) {
        return sniffed.serverName().isEmpty()
                ? this
                : new Arrival(
                        worker,
                        listener,
                        origin.withServerName(sniffed.serverName()),
                        start,
                        channel);
    }

    /// Whether anything has to be read before the chain is known.
    boolean sniffs() {
        return listener.sniffs(port());
    }

    /// Null: more bytes are needed.
    @Nullable Sniffed look(ByteBuf seen) {
        var sniffing = listener.sniffing();
        return Sniffer.look(seen, sniffing.sniffsTls(port()), sniffing.sniffsHttp(port()));
    }

    /// What it is if no more will come.
    Sniffed lookAtLast(ByteBuf seen) {
        var line = Unpooled.wrappedBuffer(seen.retainedSlice(), Unpooled.wrappedBuffer(LINE_END));
        try {
            var sniffed = look(line);
            return sniffed == null ? Sniffed.NOTHING : sniffed;
        } finally {
            line.release();
        }
    }

    /// Whether what serves it would not look at its bytes.
    boolean isOpaque(Sniffed sniffed) {
        return chainFor(sniffed)
                .filter(chain -> chain.tls() == null && chain.target() instanceof ChainTarget.Http)
                .isEmpty();
    }

    /// Whether this is the beginning of a ClientHello that the listener wants to see.
    boolean beginsTls(ByteBuf seen) {
        return seen.isReadable()
                && listener.sniffing().sniffsTls(port())
                && ClientHello.begins(seen);
    }

    Optional<ChainSpec> chainFor(Sniffed sniffed) {
        return listener.chainFor(port(), sniffed);
    }

    /// @param seen bytes that the client has sent so far
    void serve(Sniffed sniffed, long seen) {
        asking(sniffed).serveAsked(sniffed, seen);
    }

    private void serveAsked(Sniffed sniffed, long seen) {
        var found = chainFor(sniffed);
        if (found.isEmpty()) {
            refuse(Refusal.NO_FILTER_CHAIN, seen, false);
            return;
        }
        var chain = found.get();
        if (chain.tls() != null) {
            handshake(chain, chain.tls(), seen);
            return;
        }
        switch (chain.target()) {
            case ChainTarget.Tcp tcp ->
                    new TcpProxy(worker, origin, chain, tcp, channel).serve(sniffed.isTls());
            case ChainTarget.Http http -> {
                switch (codecOf(http, sniffed)) {
                    case HTTP1 -> HttpServer.serveHttp1(worker, origin, chain, channel);
                    case HTTP2 -> HttpServer.serveHttp2(worker, origin, chain, channel);
                    case AUTO -> channel.pipeline().addLast(new CodecDetector(this, chain, http));
                }
            }
        }
    }

    /// Tells why and closes.
    void refuse(Refusal why, long seen, boolean mtls) {
        worker.telemetry()
                .connection(
                        new ConnectionLog(
                                start,
                                Duration.between(start, Instant.now()),
                                origin.direction(),
                                mtls ? "TLS" : "TCP",
                                why.flag(),
                                seen,
                                0,
                                origin.serverName(),
                                "",
                                "",
                                null,
                                mtls,
                                Duration.ZERO,
                                null));
        channel.close();
    }

    private void handshake(ChainSpec chain, ServerTls tls, long seen) {
        var server = worker.tls().server(tls.alpn(), tls.groups());
        if (server == null) {
            refuse(Refusal.NO_CERTIFICATE, seen, false);
            return;
        }
        var ssl = server.newHandler(channel.alloc());
        // Rounded up: zero is without end for Netty as well.
        ssl.setHandshakeTimeoutMillis(tls.handshake().plusNanos(999_999).toMillis());
        channel.pipeline().addLast(ssl, new PeerCheck(this, chain, tls, ssl));
        channel.config().setAutoRead(true);
    }

    private int port() {
        return origin.destination().getPort();
    }

    private static Codec codecOf(ChainTarget.Http http, Sniffed sniffed) {
        if (http.codec() != Codec.AUTO || sniffed.protocols().isEmpty()) {
            return http.codec();
        }
        return sniffed.protocols().contains("h2c") ? Codec.HTTP2 : Codec.HTTP1;
    }
}
