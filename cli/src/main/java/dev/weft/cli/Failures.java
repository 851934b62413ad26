package dev.weft.cli;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Objects;

/// Turns what went wrong into a sentence that says what to do.
final class Failures {
    private Failures() {}

    static String told(Throwable failure) {
        if (failure instanceof KubernetesClientException kubernetes) {
            return switch (kubernetes.getCode()) {
                case 0 ->
                        "the cluster does not answer ("
                                + Objects.requireNonNullElse(
                                        root(kubernetes).getMessage(), "no reason given")
                                + "). Name another one with --kubeconfig or --context.";
                case 401, 403 ->
                        "the cluster refuses: "
                                + kubernetes.getMessage()
                                + ". You need get and list on meshinstallations.weft.dev.";
                case 404 ->
                        "this cluster does not know MeshInstallation. Install the operator first:"
                                + " kubectl apply --server-side -k src/main/kubernetes";
                default -> String.valueOf(kubernetes.getMessage());
            };
        }
        return Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    }

    private static Throwable root(Throwable failure) {
        Throwable at = failure;
        while (at.getCause() != null && at.getCause() != at) {
            at = at.getCause();
        }
        return at;
    }
}
