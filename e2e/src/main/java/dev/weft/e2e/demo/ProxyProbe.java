package dev.weft.e2e.demo;

import dev.weft.e2e.mesh.PodPort;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/// Asks a sidecar about itself.
public final class ProxyProbe {
    private static final int ADMIN = 15000;
    private static final int METRICS = 15020;
    private static final Pattern VERSION = Pattern.compile("[0-9]+[.][0-9]+[.][0-9]+[-.+a-z0-9]*");
    private static final Pattern REQUESTS =
            Pattern.compile("^\\w*requests_total(?:\\{[^}]*\\})? ([0-9.eE+]+)", Pattern.MULTILINE);

    private ProxyProbe() {}

    /// What the proxy's own admin port says that it is.
    public static String version(KubernetesClient client, String namespace, String pod) {
        String answer = PodPort.get(client, namespace, pod, ADMIN, "/version");
        var version = VERSION.matcher(answer);
        return version.find() ? version.group() : answer.strip();
    }

    /// How often this process of the proxy was given a certificate.
    public static int leaves(KubernetesClient client, String namespace, String pod) {
        var signed =
                sample(
                        metrics(client, namespace, pod),
                        "weft_certificate_signings_total{result=\"signed\"}");
        return (int) signed.orElse(0);
    }

    /// How long this process of the proxy took to become ready.
    public static Duration startToReady(KubernetesClient client, String namespace, String pod) {
        var took = needed(client, namespace, pod, "weft_start_to_ready_seconds");
        return Duration.ofMillis(Math.round(took * 1000));
    }

    /// When the proxy's certificate ends.
    public static Instant leafEnds(KubernetesClient client, String namespace, String pod) {
        var ends = needed(client, namespace, pod, "weft_certificate_expiry_timestamp_seconds");
        return Instant.ofEpochSecond((long) ends);
    }

    /// All requests that the proxy has counted.
    public static double requests(KubernetesClient client, String namespace, String pod) {
        return requests(metrics(client, namespace, pod));
    }

    private static double needed(
            KubernetesClient client, String namespace, String pod, String series) {
        return sample(metrics(client, namespace, pod), series)
                .orElseThrow(() -> new IllegalStateException(pod + " does not tell its " + series));
    }

    /// The value of one series in Prometheus' text format, where it is written as `series`.
    static OptionalDouble sample(String metrics, String series) {
        return metrics.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst();
    }

    private static String metrics(KubernetesClient client, String namespace, String pod) {
        String metrics =
                client.raw(
                        "/api/v1/namespaces/"
                                + namespace
                                + "/pods/"
                                + pod
                                + ":"
                                + METRICS
                                + "/proxy/metrics");
        return metrics == null ? "" : metrics;
    }

    static double requests(String metrics) {
        return REQUESTS.matcher(metrics)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .sum();
    }
}
