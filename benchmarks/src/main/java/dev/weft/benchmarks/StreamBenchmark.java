package dev.weft.benchmarks;

import dev.weft.proxy.http2.Fields;
import dev.weft.proxy.http2.HeaderBlock;
import dev.weft.proxy.http2.Http2Messages;
import dev.weft.proxy.http2.Session;
import dev.weft.proxy.http2.Stream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/// A request without a body and its answer over one HTTP/2 connection, both ends of it: written
/// (HPACK), framed, read, judged, and made a message of as one that goes on. The bytes are carried
/// by hand between two channels (`EmbeddedChannel`), whose share is in it.
public class StreamBenchmark extends HotPath {
    private static final int MAX_BYTES = 60 * 1024;
    private static final int MAX_FIELDS = 100;
    private static final int MAX_STREAMS = 100;

    private final HttpRequest request = request();
    private final HttpResponse answer =
            new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, answerFields());
    private final Session client = Session.client(MAX_BYTES, MAX_FIELDS, null, _ -> {});
    private final Session server =
            Session.server(MAX_BYTES, MAX_FIELDS, MAX_STREAMS, null, new Answering());
    private final EmbeddedChannel clientChannel = new EmbeddedChannel(client);
    private final EmbeddedChannel serverChannel = new EmbeddedChannel(server);
    private @Nullable HttpResponse answered;

    /// The two say hello.
    @Setup
    public void start() {
        client.start();
        server.start();
        carryAll();
    }

    private static HttpRequest request() {
        var fields =
                fields("host", "shop.default")
                        .add("user-agent", "client/1.0")
                        .add("accept", "*/*")
                        .add("x-request-id", "6f1c0c1e-8b6a-4b35-9c55-2f0e7a3f6f3d")
                        .add(
                                "traceparent",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        return new DefaultHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.GET, "/items/4711?view=full", fields);
    }

    private static HttpHeaders answerFields() {
        return fields("content-type", "application/json")
                .add("date", "Mon, 30 Nov 2026 12:00:00 GMT")
                .add("content-length", "0");
    }

    private static HttpHeaders fields(String name, String value) {
        return new Fields().add(name, value);
    }

    /// All of it.
    @Benchmark
    public @Nullable HttpResponse exchange() {
        answered = null;
        var stream = client.open();
        stream.listen(new Asking());
        stream.writeHead(request, true);
        stream.flush();
        carryAll();
        return answered;
    }

    private void carryAll() {
        while (carry(clientChannel, serverChannel) | carry(serverChannel, clientChannel)) {
            // until both are quiet
        }
    }

    private static boolean carry(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        var any = false;
        for (ByteBuf out = from.readOutbound(); out != null; out = from.readOutbound()) {
            to.writeInbound(out);
            any = true;
        }
        return any;
    }

    private final class Answering implements Session.Owner {
        @Override
        public Stream.Listener opened(Stream stream) {
            return new Heard() {
                @Override
                public void head(HeaderBlock head, boolean last) {
                    if (Http2Messages.request(head) != null) {
                        stream.writeHead(answer, true);
                        stream.flush();
                    }
                }
            };
        }

        @Override
        public void closed(Stream stream) {}
    }

    private final class Asking extends Heard {
        @Override
        public void head(HeaderBlock head, boolean last) {
            answered = Http2Messages.response(head);
        }
    }

    private abstract static class Heard implements Stream.Listener {
        @Override
        public void body(HttpContent part) {
            part.release();
        }

        @Override
        public void writable() {}

        @Override
        public void ended(Stream.Ending how) {
            throw new IllegalStateException("the stream ended early: " + how);
        }
    }

    /// Gives the buffers back.
    @TearDown
    public void close() {
        clientChannel.finishAndReleaseAll();
        serverChannel.finishAndReleaseAll();
    }
}
