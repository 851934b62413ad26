package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Sends one request once. No retries anywhere: gRPC's are switched off, Vert.x has none.
final class LoadClient implements AutoCloseable {
    private final Vertx vertx;
    private final String domain;
    private final ToIntFunction<Protocol> ports;
    private final HttpClient keptHttp1;
    private final HttpClient freshHttp1;
    private final HttpClient keptHttp2;
    private final Map<String, ManagedChannel> keptGrpc = new ConcurrentHashMap<>();

    LoadClient(Vertx vertx, String domain, ToIntFunction<Protocol> ports) {
        this.ports = ports;
        this.vertx = vertx;
        this.domain = domain;
        // A connection that was idle for a second is not used again: no server closes it earlier.
        this.keptHttp1 =
                vertx.createHttpClient(
                        http1().setKeepAlive(true).setKeepAliveTimeout(1),
                        new PoolOptions().setHttp1MaxSize(64));
        this.freshHttp1 =
                vertx.createHttpClient(
                        http1().setKeepAlive(false), new PoolOptions().setHttp1MaxSize(256));
        this.keptHttp2 = vertx.createHttpClient(http2());
    }

    private static HttpClientOptions http1() {
        return new HttpClientOptions().setConnectTimeout(5000);
    }

    private static HttpClientOptions http2() {
        return new HttpClientOptions()
                .setConnectTimeout(5000)
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false);
    }

    void send(Schedule.Planned request, RequestId id, Consumer<Result> done) {
        switch (request.protocol()) {
            case HTTP1 -> http(request.fresh() ? freshHttp1 : keptHttp1, request, id, done);
            case HTTP2 -> {
                if (request.fresh()) {
                    var client = vertx.createHttpClient(http2());
                    http(
                            client,
                            request,
                            id,
                            result -> {
                                client.close();
                                done.accept(result);
                            });
                } else {
                    http(keptHttp2, request, id, done);
                }
            }
            case GRPC -> {
                if (request.fresh()) {
                    var channel = channel(request.service());
                    grpc(
                            channel,
                            request,
                            id,
                            result -> {
                                channel.shutdown();
                                done.accept(result);
                            });
                } else {
                    grpc(
                            keptGrpc.computeIfAbsent(request.service(), this::channel),
                            request,
                            id,
                            done);
                }
            }
        }
    }

    private void http(
            HttpClient client, Schedule.Planned request, RequestId id, Consumer<Result> done) {
        var options =
                new RequestOptions()
                        .setMethod(request.post() ? HttpMethod.POST : HttpMethod.GET)
                        .setHost(request.service() + domain)
                        .setPort(ports.applyAsInt(request.protocol()))
                        .setURI("/echo")
                        .setTimeout(Outcome.LIMIT.toMillis())
                        .putHeader(RequestId.HEADER, id.toString());
        var stage = new AtomicReference<>("no connection");
        client.request(options)
                .compose(open -> {
                    stage.set("no answer");
                    var answered =
                            open.response()
                                    .compose(answer -> {
                                        stage.set("no end of an answer " + answer.statusCode());
                                        return answer.body()
                                                .map(body ->
                                                        (Result)
                                                                new Result.Answered(
                                                                        answer.statusCode(),
                                                                        body.toString()));
                                    });
                    return (request.post() ? open.end(Buffer.buffer(request.body())) : open.end())
                            .compose(_ -> answered);
                })
                // the option's timeouts are those of single steps
                .timeout(Outcome.LIMIT.plusSeconds(1).toMillis(), TimeUnit.MILLISECONDS)
                .onSuccess(done::accept)
                .onFailure(broken -> done.accept(new Result.Broken(stage.get() + ": " + broken)));
    }

    private ManagedChannel channel(String service) {
        return NettyChannelBuilder.forAddress(service + domain, ports.applyAsInt(Protocol.GRPC))
                .usePlaintext()
                .disableRetry()
                .directExecutor()
                .build();
    }

    private static void grpc(
            ManagedChannel channel, Schedule.Planned request, RequestId id, Consumer<Result> done) {
        var headers = new Metadata();
        headers.put(EchoRpc.ID, id.toString());
        var call =
                ClientInterceptors.intercept(
                                channel, MetadataUtils.newAttachHeadersInterceptor(headers))
                        .newCall(
                                EchoRpc.ECHO,
                                CallOptions.DEFAULT.withDeadlineAfter(
                                        Outcome.LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        ClientCalls.asyncUnaryCall(
                call,
                request.body().getBytes(UTF_8),
                new StreamObserver<>() {
                    private byte @Nullable [] answer;

                    @Override
                    public void onNext(byte[] message) {
                        answer = message;
                    }

                    @Override
                    public void onError(Throwable broken) {
                        done.accept(new Result.Broken(String.valueOf(broken)));
                    }

                    @Override
                    public void onCompleted() {
                        var message = answer;
                        done.accept(
                                message == null
                                        ? new Result.Broken("no answer")
                                        : new Result.Answered(200, new String(message, UTF_8)));
                    }
                });
    }

    @Override
    public void close() {
        keptHttp1.close();
        freshHttp1.close();
        keptHttp2.close();
        keptGrpc.values().forEach(ManagedChannel::shutdown);
    }
}
