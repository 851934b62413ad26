package dev.weft.controlplane.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.controlplane.ManualClock;
import dev.weft.controlplane.ca.CertificateAuthority;
import dev.weft.controlplane.ca.ServingCertificate;
import dev.weft.controlplane.ca.TestRoot;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebhookServerIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir Path folder;

    // The client looks at the real clock: the first leaf is old but good, and its successor is of
    // this moment.
    private final ManualClock clock = new ManualClock(Instant.now().minus(Duration.ofHours(13)));
    private final Vertx vertx = Vertx.vertx();
    private CertificateAuthority authority;
    private ServingCertificate serving;
    private WebhookServer server;

    @BeforeEach
    void start() throws Exception {
        TestRoot.write(TestRoot.create(clock.instant(), Duration.ofDays(30)), folder);
        authority = new CertificateAuthority(folder, clock);
        authority.refresh();
        serving = new ServingCertificate(authority, List.of("localhost"), clock);
        serving.renewIfDue();
        server =
                new WebhookServer(
                        vertx, 0, serving.keyManager(), "/inject", WebhookServerIT::answer);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    @Test
    void a_review_is_answered_to_a_client_that_trusts_the_meshs_root() throws Exception {
        var response = post("/inject", "{\"request\": {\"uid\": \"7\"}}");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(JSON.readTree(response.body()).at("/response/uid").asText()).isEqualTo("7");
    }

    @Test
    void other_paths_and_other_bodies_are_refused() throws Exception {
        assertThat(post("/other", "{}").statusCode()).isEqualTo(404);
        assertThat(post("/inject", "{").statusCode()).isEqualTo(400);
        assertThat(post("/inject", "{\"fail\": true}").statusCode()).isEqualTo(500);
    }

    @Test
    void a_body_over_the_limit_is_refused() throws Exception {
        assertThat(post("/inject", " ".repeat(WebhookServer.MAX_BODY_BYTES + 1)).statusCode())
                .isEqualTo(413);
    }

    @Test
    void the_serving_leaf_is_swapped_without_a_restart() throws Exception {
        var before = servedLeaf();

        clock.advance(Duration.ofHours(13));
        serving.renewIfDue();

        assertThat(servedLeaf()).isNotEqualTo(before);
    }

    private static JsonNode answer(JsonNode review) {
        if (review.has("fail")) {
            throw new IllegalStateException("a bug, for the test");
        }
        var answer = JSON.createObjectNode();
        answer.putObject("response").set("uid", review.at("/request/uid"));
        return answer;
    }

    private X509Certificate servedLeaf() throws Exception {
        var session = post("/inject", "{}").sslSession().orElseThrow();
        return (X509Certificate) session.getPeerCertificates()[0];
    }

    /// A new client each time, hence a new handshake.
    private HttpResponse<String> post(String path, String body) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("root", requireNonNull(authority.root()).signer());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(null, trust.getTrustManagers(), null);
        try (var client = HttpClient.newBuilder().sslContext(context).build()) {
            var request =
                    HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + path))
                            .version(HttpClient.Version.HTTP_1_1)
                            .POST(HttpRequest.BodyPublishers.ofString(body))
                            .timeout(Duration.ofSeconds(30))
                            .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }
}
