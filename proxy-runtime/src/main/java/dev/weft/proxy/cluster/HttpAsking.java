package dev.weft.proxy.cluster;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.HealthCheck.Grpc;
import dev.weft.proxy.config.HealthCheck.Http;
import dev.weft.proxy.config.HealthCheck.Statuses;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.health.Answer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks by a request, in a pool of its own: questions count for no limit, and answers for no
/// outlier detection.
final class HttpAsking implements Asking {
    /// Envoy's: applications that leave health checks out of their logs know it.
    private static final String USER_AGENT = "Envoy/HC";

    private static final String SERVED_BY = "x-envoy-upstream-healthchecked-cluster";
    private static final String DEGRADED = "x-envoy-degraded";
    private static final String FAIL_AT_ONCE = "x-envoy-immediate-health-check-fail";
    private static final String GRPC_STATUS = "grpc-status";

    /// More of a body is not waited for.
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private final Form form;
    private final Destination destination;
    private final Connector connector;
    private final EventLoop loop;
    private @Nullable Pool pool;
    private @Nullable Turn turn;

    private HttpAsking(Form form, Destination destination, Connector connector, EventLoop loop) {
        this.form = form;
        this.destination = destination;
        this.connector = connector;
        this.loop = loop;
    }

    /// What is asked, and what the answer means.
    interface Form {
        HttpRequest head();

        /// Null: none.
        @Nullable ByteBuf body();

        /// @param body of the answer, complete
        Answer judge(HttpResponse head, ByteBuf body, HttpHeaders trailers);
    }

    static HttpAsking http(
            Http question,
            String host,
            Destination destination,
            Connector connector,
            EventLoop loop) {
        return new HttpAsking(new Plain(question, host), destination, connector, loop);
    }

    static HttpAsking grpc(
            Grpc question,
            String authority,
            Destination destination,
            Connector connector,
            EventLoop loop) {
        return new HttpAsking(new GrpcForm(question, authority), destination, connector, loop);
    }

    @Override
    public void ask(Consumer<Answer> told) {
        var now = pool;
        if (now == null) {
            now =
                    destination.carried() == Carried.HTTP2
                            ? new Http2Pool(destination, connector, loop, () -> 1)
                            : new Http1Pool(destination, connector, loop);
            pool = now;
        }
        var asked = new Turn(form, told);
        turn = asked;
        now.acquire(asked);
    }

    @Override
    public void drop() {
        if (turn != null) {
            turn.drop();
            turn = null;
        }
        if (pool != null) {
            pool.retire();
            pool = null;
        }
    }

    /// One question on its way.
    static final class Turn implements StreamWaiter, UpstreamStream.Listener {
        private final Form form;
        private final Consumer<Answer> told;
        private final ByteBuf body = Unpooled.buffer(0, MAX_BODY_BYTES);
        private @Nullable UpstreamStream stream;
        private @Nullable HttpResponse answer;
        private boolean over;

        Turn(Form form, Consumer<Answer> told) {
            this.form = form;
            this.told = told;
        }

        @Override
        public boolean cancelled() {
            return over;
        }

        @Override
        public void failed(Refusal why, @Nullable Target target) {
            tell(why == Refusal.NO_CERTIFICATE ? Answer.UNASKED : Answer.SILENT);
        }

        @Override
        public void ready(UpstreamStream ready) {
            stream = ready;
            ready.listen(this);
            var asked = form.body();
            ready.writeHead(form.head(), asked == null);
            if (asked != null) {
                ready.writeBody(new DefaultLastHttpContent(asked));
            }
            ready.flush();
        }

        @Override
        public void answerHead(HttpResponse head, boolean last) {
            if (head.status().codeClass() == HttpStatusClass.INFORMATIONAL
                    && head.status().code() != 101) {
                return;
            }
            answer = head;
            if (last) {
                complete(head, head.headers());
            }
        }

        @Override
        public void answerBody(HttpContent part) {
            try (var _ = (Released) part::release) {
                var head = answer;
                if (over || head == null) {
                    return;
                }
                if (part.content().readableBytes() > body.maxWritableBytes()) {
                    cancel();
                    tell(form.judge(head, body, head.headers()));
                    return;
                }
                body.writeBytes(part.content());
                if (part instanceof LastHttpContent end) {
                    complete(head, end.trailingHeaders());
                }
            }
        }

        @Override
        public void answerReadComplete() {}

        @Override
        public void upstreamWritable() {}

        @Override
        public void upstreamEnded(UpstreamStream.End how) {
            stream = null;
            tell(Answer.SILENT);
        }

        private void complete(HttpResponse head, HttpHeaders trailers) {
            var done = stream;
            stream = null;
            if (done != null) {
                done.done();
            }
            tell(form.judge(head, body, trailers));
        }

        void drop() {
            over = true;
            cancel();
        }

        private void cancel() {
            var cancelled = stream;
            stream = null;
            if (cancelled != null) {
                cancelled.cancel();
            }
        }

        private void tell(Answer how) {
            if (!over) {
                over = true;
                told.accept(how);
            }
        }
    }

    @FunctionalInterface
    private interface Released extends AutoCloseable {
        @Override
        void close();
    }

    private static HttpRequest request(HttpMethod method, String path, String host) {
        var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, method, path);
        head.headers().set(HttpHeaderNames.HOST, host).set(HttpHeaderNames.USER_AGENT, USER_AGENT);
        return head;
    }

    record Plain(Http question, String host) implements Form {
        @Override
        public HttpRequest head() {
            var method = question.method();
            var head = request(method, question.path(), host);
            if (method.equals(HttpMethod.POST)
                    || method.equals(HttpMethod.PUT)
                    || method.equals(HttpMethod.PATCH)) {
                head.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
            }
            question.edits().apply(head.headers());
            return head;
        }

        @Override
        public @Nullable ByteBuf body() {
            return null;
        }

        @Override
        public Answer judge(HttpResponse head, ByteBuf body, HttpHeaders trailers) {
            var status = head.status().code();
            if (!Statuses.contain(question.expected(), status)) {
                return Statuses.contain(question.retriable(), status)
                        ? Answer.FAILED_FOR_NOW
                        : Answer.FAILED;
            }
            var servedBy = question.servedBy();
            if (head.headers().contains(FAIL_AT_ONCE)
                    || (servedBy != null && !servedBy.matches(head.headers().get(SERVED_BY, "")))) {
                return Answer.FAILED;
            }
            return head.headers().contains(DEGRADED) ? Answer.DEGRADED : Answer.PASSED;
        }
    }

    record GrpcForm(Grpc question, String authority) implements Form {
        private static final String METHOD = "/grpc.health.v1.Health/Check";

        /// Of a message: whether it is compressed, and its length.
        private static final int PREFIX_BYTES = 5;

        /// In `HealthCheckRequest` the service, in `HealthCheckResponse` the status.
        private static final int FIRST_FIELD = 1;

        private static final int SERVING = 1;

        @Override
        public HttpRequest head() {
            var head = request(HttpMethod.POST, METHOD, authority);
            head.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
            head.headers().set(HttpHeaderNames.TE, "trailers");
            question.metadata().apply(head.headers());
            return head;
        }

        @Override
        public ByteBuf body() {
            var service = question.service();
            var length =
                    service.isEmpty()
                            ? 0
                            : CodedOutputStream.computeStringSize(FIRST_FIELD, service);
            var message = new byte[length];
            try {
                if (length > 0) {
                    var out = CodedOutputStream.newInstance(message);
                    out.writeString(FIRST_FIELD, service);
                    out.checkNoSpaceLeft();
                }
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
            return Unpooled.buffer(PREFIX_BYTES + length)
                    .writeByte(0)
                    .writeInt(length)
                    .writeBytes(message);
        }

        @Override
        public Answer judge(HttpResponse head, ByteBuf body, HttpHeaders trailers) {
            return head.status().code() == 200
                            && "0".equals(trailers.get(GRPC_STATUS))
                            && isServing(body)
                    ? Answer.PASSED
                    : Answer.FAILED;
        }

        private static boolean isServing(ByteBuf body) {
            if (body.readableBytes() < PREFIX_BYTES || body.getByte(body.readerIndex()) != 0) {
                return false;
            }
            var message = new byte[body.readableBytes() - PREFIX_BYTES];
            body.getBytes(body.readerIndex() + PREFIX_BYTES, message);
            try {
                var in = CodedInputStream.newInstance(message);
                var status = 0;
                for (var tag = in.readTag(); tag != 0; tag = in.readTag()) {
                    if (tag == FIRST_FIELD << 3) {
                        status = in.readEnum();
                    } else if (!in.skipField(tag)) {
                        return false;
                    }
                }
                return status == SERVING;
            } catch (IOException malformed) {
                return false;
            }
        }
    }
}
