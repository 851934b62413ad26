package dev.weft.e2e.suite;

import dev.weft.e2e.app.EchoAnswer;
import dev.weft.e2e.app.Newcomer;
import dev.weft.e2e.mesh.PodPort;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// An application's pod, told through `port-forward` what to call: what it sees, any application
/// would see.
public record App(KubernetesClient client, String namespace, String pod) {
    /// What an application got for its call.
    ///
    /// @param status 0 if there was no answer at all
    /// @param headers of an HTTP answer, by lower-case name
    public record Answer(
            int status, String body, String error, long millis, Map<String, String> headers) {
        /// The body, if it came from a workload's `/echo` or its gRPC.
        public EchoAnswer echo() {
            if (status != 200) {
                throw new AssertionError("no answer: " + this);
            }
            return EchoAnswer.parse(body);
        }
    }

    public Answer call(String url) {
        return call(url, "");
    }

    /// An HTTP call that brings a forged `x-forwarded-client-cert`.
    public Answer callAs(String spiffeId, String url) {
        return call(url + "?as=" + spiffeId);
    }

    /// `http://`, `grpc://`, `tcp://`, `tls://` or `greet://`, from inside of the pod.
    public Answer call(String url, String body) {
        try (var port = PodPort.open(client, namespace, pod, 8080)) {
            String path = "/call?url=" + URLEncoder.encode(url, StandardCharsets.UTF_8);
            var answer =
                    new JsonObject(
                            body.isEmpty()
                                    ? port.get(path, Duration.ofSeconds(30))
                                    : port.post(path, body, Duration.ofSeconds(30)));
            return new Answer(
                    answer.getInteger("status"),
                    answer.getString("body"),
                    answer.getString("error"),
                    answer.getLong("millis"),
                    headers(answer.getJsonObject("headers")));
        }
    }

    private static Map<String, String> headers(JsonObject json) {
        var headers = new TreeMap<String, String>();
        json.forEach(header -> headers.put(header.getKey(), String.valueOf(header.getValue())));
        return headers;
    }

    public String get(String path) {
        return get(path, Duration.ofSeconds(90));
    }

    public String get(String path, Duration atMost) {
        try (var port = PodPort.open(client, namespace, pod, 8080)) {
            return port.get(path, atMost);
        }
    }

    /// What the pod's `/check` says: `{"done":…, "error":…}`.
    public String check(String what, String url, long amount, Duration atMost) {
        return get(
                "/check?what="
                        + what
                        + "&amount="
                        + amount
                        + "&url="
                        + URLEncoder.encode(url, StandardCharsets.UTF_8),
                atMost);
    }

    /// New connections from inside of the pod, at a steady pace; answers when the last has ended.
    public List<Newcomer> newcomers(String url, int amount, Duration pause) {
        return Newcomer.parse(
                get(
                        "/newcomers?amount="
                                + amount
                                + "&pause="
                                + pause.toMillis()
                                + "&url="
                                + URLEncoder.encode(url, StandardCharsets.UTF_8)));
    }
}
