package dev.weft.e2e.app;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A pod outside of the mesh that keeps everybody's books: `POST /seen`, `POST /sent`, `GET
/// /report`.
final class Recorder {
    private Recorder() {}

    static void run(int port) throws Exception {
        var vertx = Vertx.vertx();
        open(vertx, port);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> vertx.close()));
        System.out.println("recording");
        new CountDownLatch(1).await();
    }

    static HttpServer open(Vertx vertx, int port) throws Exception {
        var ledger = new Ledger();
        return vertx.createHttpServer()
                .requestHandler(request -> handle(ledger, request))
                .listen(port)
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private static void handle(Ledger ledger, HttpServerRequest request) {
        switch (String.valueOf(request.path())) {
            case "/healthz" -> request.response().end("ok");
            case "/report" -> request.response().end(ledger.report().encode());
            case "/has" ->
                    request.response()
                            .end(
                                    String.valueOf(
                                            RequestId.parse(request.getParam("id"))
                                                    .map(ledger::hasSeen)
                                                    .orElse(false)));
            case "/seen" ->
                    request.bodyHandler(body -> {
                        ledger.seen(body.toJsonObject());
                        request.response().setStatusCode(204).end();
                    });
            case "/sent" ->
                    request.bodyHandler(body -> {
                        ledger.sent(body.toJsonObject());
                        request.response().setStatusCode(204).end();
                    });
            default -> request.response().setStatusCode(404).end();
        }
    }
}
