package dev.weft.benchmarks.compare;

import dev.weft.benchmarks.compare.App.Answer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.collection.IntObjectHashMap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Answers every request by HTTP/2, unary gRPC calls too, within the windows of its peer. It does
/// not look at the fields of requests.
final class Http2App extends Http2Wire {
    /// `grpc-status: 0`, a literal that goes into no table.
    private static final byte[] TRAILERS = trailers();

    private final Supplier<Answer> told;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final IntObjectHashMap<Call> calls = new IntObjectHashMap<>();
    private final ArrayDeque<Call> waiting = new ArrayDeque<>();
    private int preface;
    private @Nullable Made made;

    /// What is sent for an answer.
    ///
    /// @param body with the prefix of gRPC
    private record Made(Answer answer, Block headers, ByteBuf body) {
        boolean grpc() {
            return answer.protocol() == Protocol.GRPC;
        }
    }

    private static final class Call {
        final int stream;
        int window;
        int sent;
        boolean waits;
        @Nullable Made answer;

        Call(int stream, int window) {
            this.stream = stream;
            this.window = window;
        }
    }

    Http2App(Supplier<Answer> told) {
        this.told = told;
    }

    private static byte[] trailers() {
        var name = "grpc-status".getBytes(StandardCharsets.US_ASCII);
        var out = Unpooled.buffer();
        out.writeByte(0).writeByte(name.length).writeBytes(name).writeByte(1).writeByte('0');
        var bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    @Override
    public void channelActive(ChannelHandlerContext from) {
        greet(false);
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) throws Http2Exception {
        var bytes = (ByteBuf) message;
        int skipped = Math.min(PREFACE.readableBytes() - preface, bytes.readableBytes());
        bytes.skipBytes(skipped);
        preface += skipped;
        super.channelRead(from, bytes);
    }

    @Override
    void headers(int stream, ByteBuf block, boolean end) {
        var call = new Call(stream, initialWindow);
        calls.put(stream, call);
        if (end) {
            answer(call);
        }
    }

    @Override
    void data(int stream, int bytes, boolean end) {
        var call = calls.get(stream);
        if (end && call != null) {
            answer(call);
        }
    }

    private void answer(Call call) {
        var now = made(told.get());
        call.answer = now;
        var out = allocate(256);
        headersFrame(out, now.headers().bytes(), call.stream, false);
        write(out);
        send(call, now);
    }

    private void send(Call call, Made answer) {
        int total = answer.body().readableBytes();
        while (call.sent < total) {
            int size =
                    Math.min(
                            Math.min(MAX_FRAME, total - call.sent),
                            Math.min(call.window, connectionWindow));
            if (size <= 0) {
                if (!call.waits) {
                    call.waits = true;
                    waiting.add(call);
                }
                return;
            }
            var end = call.sent + size == total && !answer.grpc();
            var head = allocate(16);
            dataFrame(head, size, call.stream, end);
            write(head);
            write(answer.body().slice(call.sent, size));
            call.sent += size;
            call.window -= size;
            connectionWindow -= size;
        }
        if (answer.grpc()) {
            var out = allocate(64);
            headersFrame(out, TRAILERS, call.stream, true);
            write(out);
        }
        calls.remove(call.stream);
    }

    private Made made(Answer answer) {
        if (made == null || !made.answer().equals(answer)) {
            var grpc = answer.protocol() == Protocol.GRPC;
            var headers =
                    new DefaultHttp2Headers()
                            .status("200")
                            .add("server", "bench")
                            .add(
                                    "content-type",
                                    grpc ? "application/grpc" : "application/octet-stream");
            if (!grpc) {
                headers.add("content-length", Integer.toString(answer.body()));
            }
            var body = grpc ? Bodies.message(answer.body()) : Bodies.zeroes(answer.body());
            made = new Made(answer, block(encoder, headers), body);
        }
        return made;
    }

    @Override
    void widened(int stream, int bytes) {
        var call = calls.get(stream);
        if (call != null) {
            call.window += bytes;
        }
        goOn();
    }

    @Override
    void rewidened(int change) {
        calls.values().forEach(call -> call.window += change);
        goOn();
    }

    private void goOn() {
        for (int i = waiting.size(); i > 0 && connectionWindow > 0; i--) {
            var call = waiting.remove();
            call.waits = false;
            if (call.answer != null && calls.containsKey(call.stream)) {
                send(call, call.answer);
            }
        }
    }

    @Override
    void reset(int stream, String why) {
        calls.remove(stream);
    }

    @Override
    void broken(String why) {
        // the client tells of it
    }
}
