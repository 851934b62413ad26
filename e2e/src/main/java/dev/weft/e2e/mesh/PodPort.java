package dev.weft.e2e.mesh;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/// HTTP to a port of a pod through `port-forward`: it arrives on the pod's loopback, so the mesh
/// does not see it.
public final class PodPort implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(5))
                    .build();

    private final LocalPortForward forward;

    private PodPort(LocalPortForward forward) {
        this.forward = forward;
    }

    public static PodPort open(KubernetesClient client, String namespace, String pod, int port) {
        return new PodPort(client.pods().inNamespace(namespace).withName(pod).portForward(port));
    }

    /// Reads what may be asked twice. Each try has a forward of its own, since on a busy node one
    /// can stay silent.
    public static String get(
            KubernetesClient client, String namespace, String pod, int port, String path) {
        return Until.present(
                "an answer of " + pod + " to " + path,
                Duration.ofSeconds(40),
                () -> Optional.of(getOnce(client, namespace, pod, port, path)),
                () -> "none");
    }

    private static String getOnce(
            KubernetesClient client, String namespace, String pod, int port, String path) {
        try (var open = open(client, namespace, pod, port)) {
            return open.get(path, Duration.ofSeconds(10));
        }
    }

    /// The body of a 200; anything else is an exception.
    public String get(String path, Duration atMost) {
        return send(HttpRequest.newBuilder(uri(path)).timeout(atMost).build());
    }

    public String post(String path, String body, Duration atMost) {
        return send(
                HttpRequest.newBuilder(uri(path))
                        .timeout(atMost)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + forward.getLocalPort() + path);
    }

    private static String send(HttpRequest request) {
        try {
            var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(
                        request.uri().getPath() + ": " + answer.statusCode() + " " + answer.body());
            }
            return answer.body();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ending);
        }
    }

    @Override
    public void close() {
        try {
            forward.close();
        } catch (IOException gone) {
            // What was asked for has been answered; a forward that ends badly changes nothing.
        }
    }
}
