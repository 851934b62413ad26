package dev.weft.controlplane.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTPS server that the API server comes to. Reviews run on virtual threads and may block.
public final class WebhookServer implements AutoCloseable {
    /// The API server takes objects of up to 3 MiB, and sends the old one as well.
    static final int MAX_BODY_BYTES = 8 * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(WebhookServer.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Vertx vertx;
    private final int wantedPort;
    private final X509ExtendedKeyManager keys;
    private final String path;
    private final UnaryOperator<JsonNode> reviewer;
    private final ExecutorService executor =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("webhook-", 0).factory());
    private @Nullable HttpServer server;

    /// @param path the one path that is served, by POST
    /// @param reviewer AdmissionReview in, AdmissionReview out
    public WebhookServer(
            Vertx vertx,
            int port,
            X509ExtendedKeyManager keys,
            String path,
            UnaryOperator<JsonNode> reviewer) {
        this.vertx = vertx;
        this.wantedPort = port;
        this.keys = keys;
        this.path = path;
        this.reviewer = reviewer;
    }

    /// @throws IOException when the port is taken
    public synchronized void start() throws IOException {
        var options =
                new HttpServerOptions()
                        .setPort(wantedPort)
                        .setHost("::")
                        .setSsl(true)
                        .setUseAlpn(true)
                        .setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
                        .setKeyCertOptions(KeyCertOptions.wrap(keys))
                        .setIdleTimeout(120)
                        .setSslHandshakeTimeout(10);
        var starting = vertx.createHttpServer(options).requestHandler(this::handle).listen();
        try {
            server = starting.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the webhook's port was being opened", e);
        } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
            throw new IOException(
                    "the webhook's port " + wantedPort + " cannot be opened: " + e.getMessage(), e);
        }
        LOG.info("webhook listens on port {}", port());
    }

    public synchronized boolean listening() {
        return server != null;
    }

    public synchronized int port() {
        return server == null ? wantedPort : server.actualPort();
    }

    @Override
    public synchronized void close() {
        if (server != null) {
            server.close();
            server = null;
        }
        executor.shutdown();
    }

    private void handle(HttpServerRequest request) {
        if (!path.equals(request.path())) {
            end(request, 404, "there is only POST " + path + " here.\n");
        } else if (!request.method().equals(HttpMethod.POST)) {
            end(request, 405, "POST an AdmissionReview.\n");
        } else {
            read(request);
        }
    }

    private void read(HttpServerRequest request) {
        var body = Buffer.buffer();
        request.exceptionHandler(gone -> LOG.debug("the API server went away", gone));
        request.handler(part -> {
            if (body.length() + part.length() <= MAX_BODY_BYTES) {
                body.appendBuffer(part);
            } else if (!request.response().ended()) {
                request.response().putHeader("connection", "close");
                end(request, 413, "an AdmissionReview has at most " + MAX_BODY_BYTES + " bytes.\n");
            }
        });
        request.endHandler(end -> {
            if (!request.response().ended()) {
                executor.execute(() -> answer(request, body));
            }
        });
    }

    private void answer(HttpServerRequest request, Buffer body) {
        try {
            var review = JSON.readTree(body.getBytes());
            var answer = reviewer.apply(review).toString();
            request.response().putHeader("content-type", "application/json").end(answer);
        } catch (JsonProcessingException e) {
            end(request, 400, "the body is no JSON: " + e.getOriginalMessage() + "\n");
        } catch (IOException | RuntimeException e) {
            LOG.error("a review failed", e);
            end(request, 500, "the review failed: see the control plane's log.\n");
        }
    }

    private static void end(HttpServerRequest request, int status, String text) {
        request.response().setStatusCode(status).putHeader("content-type", "text/plain").end(text);
    }
}
