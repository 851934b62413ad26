package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.controlplane.meshconfig.MeshConfigMaps;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The real cluster.
public final class ClusterNamespaces implements Namespaces {
    /// A controller that makes pods again and again gets one Event in this time.
    private static final Duration QUIET = Duration.ofMinutes(1);

    private static final int MAX_TOLD = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(ClusterNamespaces.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final KubernetesClient client;
    private final MeshConfigMaps configMaps;
    private final String replica;
    private final InstantSource clock;
    private final Map<String, Instant> told =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
                    return size() > MAX_TOLD;
                }
            };

    public ClusterNamespaces(
            KubernetesClient client,
            MeshConfigMaps configMaps,
            String replica,
            InstantSource clock) {
        this.client = client;
        this.configMaps = configMaps;
        this.replica = replica;
        this.clock = clock;
    }

    @Override
    public JsonNode labels(String namespace) {
        var found = client.namespaces().withName(namespace).get();
        var labels = found == null ? null : found.getMetadata().getLabels();
        return labels == null ? JSON.createObjectNode() : JSON.valueToTree(labels);
    }

    @Override
    public void ensureMeshConfig(String namespace) {
        configMaps.ensure(namespace);
    }

    @Override
    public void tellNotInjected(String namespace, JsonNode pod, String why) {
        var concerned = concerned(namespace, pod);
        var now = clock.instant();
        if (!first(namespace + "/" + concerned.getKind() + "/" + concerned.getName(), now)) {
            return;
        }
        var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        var event =
                new EventBuilder()
                        .withNewMetadata()
                        .withGenerateName("weft-not-injected-")
                        .withNamespace(namespace)
                        .endMetadata()
                        .withInvolvedObject(concerned)
                        .withType("Warning")
                        .withReason("NotInjected")
                        .withMessage(why)
                        .withNewSource()
                        .withComponent("weft-control-plane")
                        .endSource()
                        .withReportingComponent("weft.dev/control-plane")
                        .withReportingInstance(replica)
                        .withFirstTimestamp(time)
                        .withLastTimestamp(time)
                        .withCount(1)
                        .build();
        try {
            client.v1().events().inNamespace(namespace).resource(event).create();
        } catch (KubernetesClientException e) {
            LOG.warn(
                    "an Event about {}/{} was not made: {}",
                    namespace,
                    concerned.getName(),
                    e.getMessage());
        }
    }

    /// The pod itself if it has a name already; else what makes it, because the name is given only
    /// after admission.
    private static ObjectReference concerned(String namespace, JsonNode pod) {
        for (var owner : pod.at("/metadata/ownerReferences")) {
            if (owner.path("controller").asBoolean()) {
                return new ObjectReferenceBuilder()
                        .withApiVersion(owner.path("apiVersion").asText())
                        .withKind(owner.path("kind").asText())
                        .withName(owner.path("name").asText())
                        .withUid(owner.path("uid").asText())
                        .withNamespace(namespace)
                        .build();
            }
        }
        return new ObjectReferenceBuilder()
                .withApiVersion("v1")
                .withKind("Pod")
                .withName(
                        pod.at("/metadata/name").asText(pod.at("/metadata/generateName").asText()))
                .withNamespace(namespace)
                .build();
    }

    private boolean first(String about, Instant now) {
        synchronized (told) {
            var last = told.get(about);
            if (last != null && now.isBefore(last.plus(QUIET))) {
                return false;
            }
            told.remove(about);
            told.put(about, now);
            return true;
        }
    }
}
