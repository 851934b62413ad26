package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// Answers the requests of one HTTP/1.1 connection, or of one HTTP/2 stream.
final class HttpRequests extends ChannelInboundHandlerAdapter {
    private static final int MAX_ECHOED_BYTES = 64 * 1024;
    private static final byte[] CHUNK = chunk();

    private final String protocol;
    private final AppSettings settings;
    private final SeenRequests seen;
    private final LoadControl control;
    private final Draining draining;

    private @Nullable HttpRequest request;
    private @Nullable CompositeByteBuf body;
    private final CRC32 uploadSum = new CRC32();
    private long uploaded;
    private long toSend;

    HttpRequests(
            String protocol,
            AppSettings settings,
            SeenRequests seen,
            LoadControl control,
            Draining draining) {
        this.protocol = protocol;
        this.settings = settings;
        this.seen = seen;
        this.control = control;
        this.draining = draining;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest head) {
            request = head;
            uploaded = 0;
            uploadSum.reset();
            body = Unpooled.compositeBuffer();
            if (upgradesToWebSocket(head)) {
                webSocket(context, head);
                return;
            }
            if (HttpUtil.is100ContinueExpected(head)) {
                context.writeAndFlush(
                        new DefaultFullHttpResponse(
                                HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
            }
        }
        if (message instanceof HttpContent content) {
            take(content.content());
            content.release();
            if (message instanceof LastHttpContent) {
                answer(context);
            }
        }
    }

    private void take(ByteBuf bytes) {
        uploaded += bytes.readableBytes();
        var kept = body;
        if (kept != null && kept.readableBytes() + bytes.readableBytes() <= MAX_ECHOED_BYTES) {
            kept.addComponent(true, bytes.retainedSlice());
        }
        uploadSum.update(bytes.nioBuffer());
    }

    private void answer(ChannelHandlerContext context) {
        var head = request;
        if (head == null) {
            return;
        }
        request = null;
        String text = text();
        var target = new QueryStringDecoder(head.uri());
        var query = target.parameters();
        switch (target.path()) {
            case "/healthz" -> send(context, head, 200, "ok");
            case "/echo" -> {
                RequestId.parse(head.headers().get(RequestId.HEADER)).ifPresent(seen::saw);
                send(context, head, 200, echo(head, text).toJson());
            }
            case "/upload" ->
                    send(
                            context,
                            head,
                            200,
                            new JsonObject()
                                    .put("bytes", uploaded)
                                    .put("crc32", uploadSum.getValue())
                                    .encode());
            case "/download" -> download(context, head, Long.parseLong(first(query, "bytes")));
            case "/status" -> send(context, head, Integer.parseInt(first(query, "code")), "");
            case "/call" ->
                    later(context, head, () -> Calls.call(first(query, "url"), text).toJson());
            case "/check" ->
                    later(
                            context,
                            head,
                            () ->
                                    Checks.run(
                                                    first(query, "what"),
                                                    URI.create(first(query, "url")),
                                                    Long.parseLong(first(query, "amount")))
                                            .encode());
            case "/newcomers" ->
                    later(
                            context,
                            head,
                            () ->
                                    Newcomers.send(
                                                    URI.create(first(query, "url")),
                                                    number(query, "amount"),
                                                    Duration.ofMillis(number(query, "pause")))
                                            .encode());
            case "/stop-listening" -> {
                send(context, head, 200, "no new connections from now on");
                Thread.startVirtualThread(draining::begin);
            }
            case "/burst" ->
                    later(
                            context,
                            head,
                            () ->
                                    control.burst(
                                                    first(query, "load"),
                                                    first(query, "service"),
                                                    number(query, "requests"))
                                            .encode());
            case "/load/begin" ->
                    later(
                            context,
                            head,
                            () ->
                                    control.begin(
                                                    first(query, "name"),
                                                    List.of(first(query, "targets").split(",")),
                                                    number(query, "rate"))
                                            .encode());
            case "/load/end" ->
                    later(context, head, () -> control.end(first(query, "name")).encode());
            default -> send(context, head, 404, "no such path");
        }
    }

    /// Answers with what takes a while.
    private void later(ChannelHandlerContext context, HttpRequest head, Supplier<String> work) {
        Thread.startVirtualThread(() -> {
            String answer = work.get();
            context.executor().execute(() -> send(context, head, 200, answer));
        });
    }

    private EchoAnswer echo(HttpRequest head, String text) {
        String certificate = head.headers().get(PeerIdentity.HEADER);
        return new EchoAnswer(
                settings.pod(),
                settings.service(),
                settings.version(),
                settings.meshed(),
                protocol,
                head.headers().get(RequestId.HEADER, ""),
                certificate != null,
                PeerIdentity.uri(certificate),
                text);
    }

    private String text() {
        var kept = body;
        body = null;
        if (kept == null) {
            return "";
        }
        String text = kept.toString(UTF_8);
        kept.release();
        return text;
    }

    private void send(ChannelHandlerContext context, HttpRequest head, int status, String text) {
        var response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(status),
                        Unpooled.copiedBuffer(text, UTF_8));
        HttpUtil.setContentLength(response, response.content().readableBytes());
        boolean close = closes(head);
        if (close) {
            response.headers().set(HttpHeaderNames.CONNECTION, "close");
        }
        var written = context.writeAndFlush(response);
        if (close) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private boolean closes(HttpRequest head) {
        return protocol.equals("HTTP/1.1") && (draining.hasBegun() || !HttpUtil.isKeepAlive(head));
    }

    private void download(ChannelHandlerContext context, HttpRequest head, long bytes) {
        var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        HttpUtil.setContentLength(response, bytes);
        context.write(response);
        toSend = bytes;
        sendMore(context);
    }

    /// Writes only what the channel takes without queueing: a slow reader slows this side down.
    private void sendMore(ChannelHandlerContext context) {
        while (toSend > 0 && context.channel().isWritable()) {
            int size = (int) Math.min(CHUNK.length, toSend);
            toSend -= size;
            var content = Unpooled.wrappedBuffer(CHUNK, 0, size);
            context.writeAndFlush(new DefaultHttpContent(content));
            if (toSend == 0) {
                context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
            }
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (toSend > 0) {
            sendMore(context);
        }
    }

    private static boolean upgradesToWebSocket(HttpRequest head) {
        return head.uri().equals("/ws")
                && "websocket".equalsIgnoreCase(head.headers().get(HttpHeaderNames.UPGRADE));
    }

    private void webSocket(ChannelHandlerContext context, HttpRequest head) {
        context.pipeline()
                .addLast(
                        new WebSocketServerProtocolHandler("/ws"),
                        new SimpleChannelInboundHandler<WebSocketFrame>() {
                            @Override
                            protected void channelRead0(
                                    ChannelHandlerContext socket, WebSocketFrame frame) {
                                if (frame instanceof TextWebSocketFrame text) {
                                    socket.writeAndFlush(
                                            new TextWebSocketFrame("echo " + text.text()));
                                }
                            }
                        });
        var pipeline = context.pipeline();
        var full = new DefaultFullHttpRequest(head.protocolVersion(), head.method(), head.uri());
        full.headers().set(head.headers());
        context.fireChannelRead(full);
        pipeline.remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private static int number(Map<String, List<String>> query, String name) {
        return Integer.parseInt(first(query, name));
    }

    private static String first(Map<String, List<String>> query, String name) {
        var values = query.get(name);
        if (values == null) {
            throw new IllegalArgumentException("the query needs " + name);
        }
        return values.getFirst();
    }

    /// The byte at this position of a download.
    static byte downloaded(long position) {
        return CHUNK[(int) (position % CHUNK.length)];
    }

    private static byte[] chunk() {
        var bytes = new byte[16 * 1024];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ('a' + i % 26);
        }
        return bytes;
    }
}
