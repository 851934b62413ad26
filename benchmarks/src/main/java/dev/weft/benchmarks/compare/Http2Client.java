package dev.weft.benchmarks.compare;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;

/// Requests by HTTP/2, or unary gRPC calls with a message of 100 bytes. Status, length and for gRPC
/// the trailers are held against what is expected.
final class Http2Client extends Http2Wire implements Client {
    private static final ByteBuf MESSAGE = Bodies.message(100);

    private final boolean grpc;
    private final int expected;
    private final Listener listener;
    private final Block request;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final IntObjectHashMap<Call> calls = new IntObjectHashMap<>();
    private final ArrayDeque<Slot> waiting = new ArrayDeque<>();
    private int nextStream = 1;

    private static final class Call {
        final Slot slot;
        int bytes;
        boolean good;

        Call(Slot slot) {
            this.slot = slot;
        }
    }

    Http2Client(boolean grpc, int body, Listener listener) {
        this.grpc = grpc;
        this.expected = grpc ? body + Bodies.GRPC_PREFIX : body;
        this.listener = listener;
        var headers =
                new DefaultHttp2Headers()
                        .method(grpc ? "POST" : "GET")
                        .scheme("http")
                        .authority("app.bench.svc.cluster.local")
                        .path(grpc ? "/bench.Bench/Get" : "/bench")
                        .add("user-agent", "weft-benchmark");
        if (grpc) {
            headers.add("content-type", "application/grpc").add("te", "trailers");
        } else {
            headers.add("accept", "*/*");
        }
        request = block(new DefaultHttp2HeadersEncoder(), headers);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        super.handlerAdded(added);
        if (added.channel().isActive()) {
            begin();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext from) {
        begin();
    }

    private void begin() {
        write(PREFACE.duplicate());
        greet(true);
    }

    @Override
    public void send(Slot slot) {
        int length = grpc ? MESSAGE.readableBytes() : 0;
        if (length > connectionWindow) {
            waiting.add(slot);
            return;
        }
        connectionWindow -= length;
        int stream = nextStream;
        nextStream += 2;
        calls.put(stream, new Call(slot));
        var out = allocate(256);
        headersFrame(out, request.bytes(), stream, !grpc);
        if (grpc) {
            dataFrame(out, length, stream, true);
            out.writeBytes(MESSAGE.duplicate());
        }
        write(out);
        flush();
    }

    @Override
    void headers(int stream, ByteBuf block, boolean end) throws Http2Exception {
        var headers = decoder.decodeHeaders(stream, block);
        var call = calls.get(stream);
        if (call == null) {
            return;
        }
        if (headers.status() != null && !headers.status().toString().equals("200")) {
            broken("answer " + headers.status());
            return;
        }
        call.good = grpc ? end && isOk(headers) : headers.status() != null;
        if (end) {
            end(stream, call);
        }
    }

    private static boolean isOk(Http2Headers headers) {
        var status = headers.get("grpc-status");
        return status != null && status.length() == 1 && status.charAt(0) == '0';
    }

    @Override
    void data(int stream, int bytes, boolean end) {
        var call = calls.get(stream);
        if (call != null) {
            call.bytes += bytes;
            if (end) {
                end(stream, call);
            }
        }
    }

    private void end(int stream, Call call) {
        calls.remove(stream);
        if (call.bytes != expected) {
            broken("answer of " + call.bytes + " bytes");
        } else if (!call.good) {
            broken("answer without a good status");
        } else {
            listener.answered(call.slot, call.bytes);
        }
    }

    @Override
    void reset(int stream, String why) {
        broken(why);
    }

    @Override
    void widened(int stream, int bytes) {
        while (stream == 0 && !waiting.isEmpty() && connectionWindow > MESSAGE.readableBytes()) {
            send(waiting.remove());
        }
    }

    @Override
    void rewidened(int change) {
        // requests are smaller than any window that a stream begins with
    }

    @Override
    void broken(String why) {
        if (!calls.isEmpty() || !why.equals("connection closed")) {
            listener.failed(why);
        }
    }
}
