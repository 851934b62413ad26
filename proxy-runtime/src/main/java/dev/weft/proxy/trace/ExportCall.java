package dev.weft.proxy.trace;

import dev.weft.proxy.cluster.StreamWaiter;
import dev.weft.proxy.cluster.UpstreamStream;
import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.ClusterSpec.Discovery;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.TracingSpec.Export;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.telemetry.Direction;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One message to a collector, by OTLP over gRPC or HTTP. All of it on one event loop.
final class ExportCall implements StreamWaiter, UpstreamStream.Listener {
    private static final Origin HERE = new Origin(Direction.OUTBOUND, "", new InetSocketAddress(0));

    /// Of a message in gRPC: whether it is compressed, and its length.
    private static final int PREFIX_BYTES = 5;

    private final Export export;
    private final byte[] message;
    private final EventLoop loop;
    private final Consumer<Boolean> told;
    private @Nullable Future<?> timer;
    private @Nullable UpstreamStream stream;
    private @Nullable HttpResponse answer;
    private boolean over;

    /// @param told whether the collector has taken it
    ExportCall(Export export, byte[] message, EventLoop loop, Consumer<Boolean> told) {
        this.export = export;
        this.message = message;
        this.loop = loop;
        this.told = told;
    }

    /// @param upstreams asked for only if there is the collector's cluster
    void begin(Supplier<Upstreams> upstreams, Tables tables) {
        var cluster = tables.clusters().get(export.cluster());
        if (cluster == null || cluster.spec().discovery() == Discovery.ORIGINAL_DESTINATION) {
            end(false);
            return;
        }
        timer = loop.schedule(this::late, export.timeout().toMillis(), TimeUnit.MILLISECONDS);
        upstreams.get().stream(
                cluster,
                HERE,
                export.grpc() ? Carried.HTTP2 : Carried.HTTP1,
                Hashes.NONE,
                Set.of(),
                this);
    }

    private void late() {
        cancel();
        end(false);
    }

    @Override
    public boolean cancelled() {
        return over;
    }

    @Override
    public void failed(Refusal why, @Nullable Target target) {
        end(false);
    }

    @Override
    public void ready(UpstreamStream ready) {
        stream = ready;
        ready.listen(this);
        ready.writeHead(head(), false);
        var body = Unpooled.buffer(PREFIX_BYTES + message.length);
        if (export.grpc()) {
            body.writeByte(0).writeInt(message.length);
        }
        ready.writeBody(new DefaultLastHttpContent(body.writeBytes(message)));
        ready.flush();
    }

    private DefaultHttpRequest head() {
        var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, export.path());
        var headers = head.headers();
        headers.set(HttpHeaderNames.HOST, export.authority());
        if (export.grpc()) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
            headers.set(HttpHeaderNames.TE, "trailers");
        } else {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "application/x-protobuf");
            headers.set(HttpHeaderNames.CONTENT_LENGTH, message.length);
        }
        export.headers().apply(headers);
        return head;
    }

    @Override
    public void answerHead(HttpResponse head, boolean last) {
        if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
            return;
        }
        answer = head;
        if (last) {
            complete(head, head.headers());
        }
    }

    @Override
    public void answerBody(HttpContent part) {
        var head = answer;
        if (!over && head != null && part instanceof LastHttpContent end) {
            complete(head, end.trailingHeaders());
        }
        part.release();
    }

    private void complete(HttpResponse head, HttpHeaders trailers) {
        var done = stream;
        stream = null;
        if (done != null) {
            done.done();
        }
        end(
                head.status().codeClass() == HttpStatusClass.SUCCESS
                        && (!export.grpc() || "0".equals(trailers.get("grpc-status"))));
    }

    @Override
    public void answerReadComplete() {}

    @Override
    public void upstreamWritable() {}

    @Override
    public void upstreamEnded(UpstreamStream.End how) {
        stream = null;
        end(false);
    }

    private void cancel() {
        var late = stream;
        stream = null;
        if (late != null) {
            late.timedOut();
        }
    }

    private void end(boolean taken) {
        if (!over) {
            over = true;
            if (timer != null) {
                timer.cancel(false);
            }
            told.accept(taken);
        }
    }
}
