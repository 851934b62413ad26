package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.controlplane.revision.RevisionSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers AdmissionReviews about new pods.
public final class Injector {
    private static final Logger LOG = LoggerFactory.getLogger(Injector.class);
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;

    private final String revision;
    private final Set<String> excluded;
    private final RevisionSource settings;
    private final Namespaces namespaces;
    private final MeterRegistry meters;

    /// @param ownNamespace the control plane's, which is left out: it could not wait for itself
    public Injector(
            String revision,
            String ownNamespace,
            RevisionSource settings,
            Namespaces namespaces,
            MeterRegistry meters) {
        this.revision = revision;
        this.excluded = Set.of("kube-system", ownNamespace);
        this.settings = settings;
        this.namespaces = namespaces;
        this.meters = meters;
    }

    /// The answer to a review; never throws for what the review holds. Blocks.
    public ObjectNode review(JsonNode review) {
        var request = review.path("request");
        var response = NODES.objectNode();
        response.put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
        var body = response.putObject("response").put("uid", request.path("uid").asText());
        try {
            answer(request, body);
        } catch (RuntimeException e) {
            LOG.error("pod {} could not be judged", podName(request), e);
            refuse(
                    body,
                    UNAVAILABLE,
                    "Weft's webhook could not ask the API server: "
                            + e.getMessage()
                            + " Try again.");
        }
        return response;
    }

    private void answer(JsonNode request, ObjectNode body) {
        var namespace = request.path("namespace").asText();
        var concerned =
                request.path("operation").asText().equals("CREATE")
                        && request.at("/resource/resource").asText().equals("pods")
                        && request.path("subResource").asText("").isEmpty()
                        && !excluded.contains(namespace);
        if (!concerned || !(request.get("object") instanceof ObjectNode pod)) {
            body.put("allowed", true);
            return;
        }
        var current = settings.current();
        if (current == null) {
            refuse(
                    body,
                    UNAVAILABLE,
                    "Weft's control plane has not read MeshRevision/"
                            + revision
                            + " yet: try again.");
            return;
        }
        var dryRun = request.path("dryRun").asBoolean();
        var decision =
                new Injection(revision, current)
                        .decide(pod, namespace, namespaces.labels(namespace));
        count(decision);
        switch (decision) {
            case Decision.Leave() -> body.put("allowed", true);
            case Decision.LeaveAndTell(var why) -> {
                LOG.info("pod {} is not injected: {}", podName(request), why);
                if (!dryRun) {
                    namespaces.tellNotInjected(namespace, pod, why);
                }
                body.put("allowed", true);
                warn(body, List.of(why));
            }
            case Decision.Refuse(var why) -> {
                LOG.info("pod {} is refused: {}", podName(request), why);
                refuse(body, FORBIDDEN, why);
            }
            case Decision.Inject(var patch, var warnings) -> {
                if (!dryRun) {
                    namespaces.ensureMeshConfig(namespace);
                }
                LOG.info("pod {} is injected with {}", podName(request), current.proxyImage());
                body.put("allowed", true);
                warn(body, warnings);
                if (!patch.isEmpty()) {
                    var bytes = patch.toString().getBytes(StandardCharsets.UTF_8);
                    body.put("patchType", "JSONPatch")
                            .put("patch", Base64.getEncoder().encodeToString(bytes));
                }
            }
        }
    }

    private static void refuse(ObjectNode body, int code, String why) {
        body.put("allowed", false);
        body.putObject("status").put("code", code).put("message", why);
    }

    private static void warn(ObjectNode body, List<String> warnings) {
        if (!warnings.isEmpty()) {
            var list = body.putArray("warnings");
            warnings.forEach(warning -> list.add("weft: " + warning));
        }
    }

    private void count(Decision decision) {
        var outcome =
                switch (decision) {
                    case Decision.Leave() -> "left";
                    case Decision.LeaveAndTell told -> "left_and_told";
                    case Decision.Refuse refused -> "refused";
                    case Decision.Inject injected -> "injected";
                };
        meters.counter("weft.injections", "outcome", outcome).increment();
    }

    private static String podName(JsonNode request) {
        var metadata = request.at("/object/metadata");
        var name = metadata.path("name").asText(metadata.path("generateName").asText("?") + "*");
        return request.path("namespace").asText() + "/" + name;
    }
}
