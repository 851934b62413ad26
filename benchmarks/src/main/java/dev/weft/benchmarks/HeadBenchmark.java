package dev.weft.benchmarks;

import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.http1.StrictRequestDecoder.Turns;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/// Reading and judging the head of an HTTP/1.1 request without a body: five fields, or a browser's
/// fifteen. The channel's share (an `EmbeddedChannel`, which keeps what comes out in a queue) is in
/// [#channelAlone].
public class HeadBenchmark extends HotPath {
    private static final int MAX_BYTES = 60 * 1024;
    private static final int MAX_FIELDS = 100;

    private static final String FEW =
            """
            GET /items/4711?view=full HTTP/1.1
            host: shop.default
            user-agent: client/1.0
            accept: */*
            x-request-id: 6f1c0c1e-8b6a-4b35-9c55-2f0e7a3f6f3d
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01

            """;

    private static final String MANY =
            """
            GET /items/4711?view=full HTTP/1.1
            Host: shop.example.org
            User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
            Accept-Language: en-GB,en;q=0.7,de;q=0.3
            Accept-Encoding: gzip, deflate, br, zstd
            Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; region=eu-west
            Referer: https://shop.example.org/items?page=3
            Upgrade-Insecure-Requests: 1
            Sec-Fetch-Dest: document
            Sec-Fetch-Mode: navigate
            Sec-Fetch-Site: same-origin
            Priority: u=0, i
            Cache-Control: no-cache
            x-request-id: 6f1c0c1e-8b6a-4b35-9c55-2f0e7a3f6f3d
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01

            """;

    @Param({"5", "15"})
    public int fields;

    private final EmbeddedChannel channel =
            new EmbeddedChannel(new StrictRequestDecoder(MAX_BYTES, MAX_FIELDS, Turns.ANY));
    private final EmbeddedChannel bare = new EmbeddedChannel();
    private ByteBuf head = Unpooled.EMPTY_BUFFER;

    /// Puts the head into a buffer once per run.
    @Setup
    public void write() {
        var text = fields == 5 ? FEW : MANY;
        var bytes = text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        head = Unpooled.directBuffer(bytes.length).writeBytes(bytes);
    }

    /// The decoder's share besides that of [#channelAlone].
    @Benchmark
    public int read() {
        return send(channel);
    }

    /// The same bytes by the same way, read by nobody.
    @Benchmark
    public int channelAlone() {
        return send(bare);
    }

    private int send(EmbeddedChannel to) {
        to.writeInbound(head.retainedDuplicate());
        int messages = 0;
        for (var message = to.readInbound(); message != null; message = to.readInbound()) {
            ReferenceCountUtil.release(message);
            messages++;
        }
        return messages;
    }

    /// Gives the buffers back.
    @TearDown
    public void close() {
        channel.finishAndReleaseAll();
        bare.finishAndReleaseAll();
        head.release();
    }
}
