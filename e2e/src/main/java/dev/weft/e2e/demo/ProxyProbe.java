package dev.weft.e2e.demo;

import dev.weft.e2e.mesh.PodPort;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;

/// Asks a sidecar about itself.
public final class ProxyProbe {
    private static final int ADMIN = 15000;
    private static final int METRICS = 15020;
    private static final Pattern VERSION = Pattern.compile("[0-9]+[.][0-9]+[.][0-9]+[-.+a-z0-9]*");
    private static final Pattern REQUESTS =
            Pattern.compile("^\\w*requests_total(?:\\{[^}]*\\})? ([0-9.eE+]+)", Pattern.MULTILINE);

    private static final Pattern SIGNED =
            Pattern.compile(
                    "^weft_certificate_signings_total\\{result=\"signed\"} ([0-9.eE+]+)",
                    Pattern.MULTILINE);
    private static final Pattern START_TO_READY =
            Pattern.compile("^weft_start_to_ready_seconds ([0-9.eE+-]+)", Pattern.MULTILINE);
    private static final Pattern EXPIRY =
            Pattern.compile(
                    "^weft_certificate_expiry_timestamp_seconds(?:\\{[^}]*})? ([0-9.eE+]+)",
                    Pattern.MULTILINE);

    private ProxyProbe() {}

    /// What the proxy's own admin port says that it is.
    public static String version(KubernetesClient client, String namespace, String pod) {
        String answer = PodPort.get(client, namespace, pod, ADMIN, "/version");
        var version = VERSION.matcher(answer);
        return version.find() ? version.group() : answer.strip();
    }

    /// How often this process of the proxy was given a certificate.
    public static int leaves(KubernetesClient client, String namespace, String pod) {
        var signed = SIGNED.matcher(metrics(client, namespace, pod));
        return signed.find() ? (int) Double.parseDouble(signed.group(1)) : 0;
    }

    /// How long this process of the proxy took to become ready.
    public static Duration startToReady(KubernetesClient client, String namespace, String pod) {
        var took = START_TO_READY.matcher(metrics(client, namespace, pod));
        if (!took.find()) {
            throw new IllegalStateException(pod + " does not tell how long its start took");
        }
        return Duration.ofMillis(Math.round(Double.parseDouble(took.group(1)) * 1000));
    }

    /// When the proxy's certificate ends.
    public static Instant leafEnds(KubernetesClient client, String namespace, String pod) {
        var expiry = EXPIRY.matcher(metrics(client, namespace, pod));
        if (!expiry.find()) {
            throw new IllegalStateException(pod + " does not tell when its certificate ends");
        }
        return Instant.ofEpochSecond((long) Double.parseDouble(expiry.group(1)));
    }

    /// All requests that the proxy has counted.
    public static double requests(KubernetesClient client, String namespace, String pod) {
        return requests(metrics(client, namespace, pod));
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
