package dev.weft.e2e.demo;

import dev.weft.e2e.mesh.PodPort;
import io.fabric8.kubernetes.client.KubernetesClient;
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

    /// All requests that the proxy has counted.
    public static double requests(KubernetesClient client, String namespace, String pod) {
        String metrics =
                client.raw(
                        "/api/v1/namespaces/"
                                + namespace
                                + "/pods/"
                                + pod
                                + ":"
                                + METRICS
                                + "/proxy/metrics");
        return metrics == null ? 0 : requests(metrics);
    }

    static double requests(String metrics) {
        return REQUESTS.matcher(metrics)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .sum();
    }
}
