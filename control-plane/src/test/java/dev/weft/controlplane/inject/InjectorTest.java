package dev.weft.controlplane.inject;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.controlplane.revision.RevisionSettings;
import dev.weft.controlplane.revision.RevisionSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InjectorTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Cluster cluster = new Cluster();
    private @Nullable RevisionSettings settings = Injections.settings();
    private final Injector injector =
            new Injector(
                    "0-2-0",
                    "weft-system",
                    new RevisionSource() {
                        @Override
                        public @Nullable RevisionSettings current() {
                            return settings;
                        }

                        @Override
                        public void onChange(Runnable listener) {}
                    },
                    cluster,
                    new SimpleMeterRegistry());

    @Test
    void a_pod_of_a_labelled_namespace_is_injected_after_its_config_map_was_made() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";

        var response =
                review("{'metadata': {'name': 'web'}, 'spec': {'containers': [{'name': 'web'}]}}");

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.path("uid").asText()).isEqualTo("review-1");
        assertThat(response.path("patchType").asText()).isEqualTo("JSONPatch");
        assertThat(patch(response)).contains("weft-init").contains("weft-proxy");
        assertThat(cluster.done).containsExactly("config map in shop");
    }

    @Test
    void a_pods_label_beats_its_namespaces() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";
        assertThat(review(labelled("disabled")).has("patch")).isFalse();

        cluster.labels = "{'weft.dev/inject': 'disabled'}";
        assertThat(review(labelled("enabled")).has("patch")).isTrue();
    }

    @Test
    void a_pod_without_any_label_is_left_alone() {
        var response = review("{'spec': {'containers': [{'name': 'web'}]}}");

        assertThat(response).isEqualTo(json("{'uid': 'review-1', 'allowed': true}"));
        assertThat(cluster.done).isEmpty();
    }

    @Test
    void an_unknown_label_is_refused_by_its_value_and_the_allowed_ones() {
        assertRefused(
                review(labelled("yes")),
                "label weft.dev/inject of the pod is 'yes': it must be 'enabled' or 'disabled'.");

        cluster.labels = "{'weft.dev/inject': 'true'}";
        assertRefused(
                review("{'spec': {'containers': [{'name': 'web'}]}}"),
                "label weft.dev/inject of namespace shop is 'true': it must be 'enabled' or 'disabled'.");
    }

    @Test
    void a_pod_of_the_host_network_is_admitted_without_a_proxy_and_an_event_tells() {
        var response =
                review(
                        "{'metadata': {'labels': {'weft.dev/inject': 'enabled'}},"
                                + " 'spec': {'hostNetwork': true, 'containers': [{'name': 'web'}]}}");

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.has("patch")).isFalse();
        assertThat(response.path("warnings").get(0).asText())
                .startsWith("weft: the pod uses the host's network");
        assertThat(cluster.done)
                .singleElement()
                .asString()
                .startsWith("event in shop: the pod uses the host's network");
    }

    @Test
    void a_dry_run_changes_nothing_in_the_cluster() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";

        var injected = review("{'spec': {'containers': [{'name': 'web'}]}}", true);
        var skipped =
                review("{'spec': {'hostNetwork': true, 'containers': [{'name': 'web'}]}}", true);

        assertThat(injected.has("patch")).isTrue();
        assertThat(skipped.has("warnings")).isTrue();
        assertThat(cluster.done).isEmpty();
    }

    @Test
    void a_container_with_the_proxys_uid_is_refused_wherever_the_uid_comes_from() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";

        assertRefused(
                review(
                        "{'spec': {'containers': [{'name': 'web', 'securityContext': {'runAsUser': 1337}}]}}"),
                "container 'web' runs as UID 1337");
        assertRefused(
                review(
                        "{'spec': {'securityContext': {'runAsUser': 1337}, 'containers': [{'name': 'a',"
                                + " 'securityContext': {'runAsUser': 5}}, {'name': 'b'}]}}"),
                "container 'b' runs as UID 1337");
        assertRefused(
                review(
                        "{'spec': {'initContainers': [{'name': 'i', 'securityContext': {'runAsUser': 1337}}],"
                                + " 'containers': [{'name': 'b'}]}}"),
                "container 'i' runs as UID 1337");
        assertThat(
                        review(
                                        "{'spec': {'securityContext': {'runAsUser': 1337}, 'containers': [{'name': 'a',"
                                                + " 'securityContext': {'runAsUser': 5}}]}}")
                                .path("allowed")
                                .asBoolean())
                .as("no container runs as 1337")
                .isTrue();
    }

    @Test
    void an_application_container_with_the_meshs_name_is_refused() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";

        assertRefused(
                review("{'spec': {'containers': [{'name': 'weft-proxy'}]}}"),
                "container name 'weft-proxy' is the mesh's own");
    }

    @Test
    void a_namespace_with_pod_security_gets_a_warning_that_says_what_to_do() {
        cluster.labels =
                "{'weft.dev/inject': 'enabled', 'pod-security.kubernetes.io/enforce': 'restricted'}";

        var response = review("{'spec': {'containers': [{'name': 'web'}]}}");

        assertThat(response.path("warnings").get(0).asText())
                .contains("NET_ADMIN")
                .contains("privileged");
    }

    @Test
    void nothing_is_injected_while_the_mesh_is_being_detached() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";
        settings = Injections.settings(RevisionSettings.Mode.PASS_THROUGH);

        var response = review("{'spec': {'containers': [{'name': 'web'}]}}");

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.has("patch")).isFalse();
    }

    @Test
    void nothing_is_admitted_before_the_settings_are_known() {
        settings = null;

        assertRefused(review("{'spec': {}}"), "has not read MeshRevision/0-2-0 yet");
    }

    @Test
    void nothing_is_admitted_unmeshed_when_the_api_server_does_not_answer() {
        cluster.labels = "{'weft.dev/inject': 'enabled'}";
        cluster.broken = true;

        var response = review("{'spec': {'containers': [{'name': 'web'}]}}");

        assertRefused(response, "could not ask the API server: no answer");
        assertThat(response.at("/status/code").asInt()).isEqualTo(503);
    }

    private JsonNode review(String pod) {
        return review(pod, false);
    }

    private JsonNode review(String pod, boolean dryRun) {
        var review = JSON.createObjectNode();
        var request = review.putObject("request");
        request.put("uid", "review-1")
                .put("operation", "CREATE")
                .put("namespace", "shop")
                .put("dryRun", dryRun);
        request.putObject("resource").put("group", "").put("version", "v1").put("resource", "pods");
        request.set("object", json(pod));
        return injector.review(review).path("response");
    }

    private static String labelled(String value) {
        return "{'metadata': {'labels': {'weft.dev/inject': '"
                + value
                + "'}}, 'spec': {'containers': [{'name': 'web'}]}}";
    }

    private static void assertRefused(JsonNode response, String why) {
        assertThat(response.path("allowed").asBoolean(true)).isFalse();
        assertThat(response.has("patch")).isFalse();
        assertThat(response.at("/status/message").asText()).contains(why);
    }

    private static String patch(JsonNode response) {
        return new String(
                Base64.getDecoder().decode(response.path("patch").asText()),
                StandardCharsets.UTF_8);
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) JSON.readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Cluster implements Namespaces {
        private final List<String> done = new ArrayList<>();
        private String labels = "{}";
        private boolean broken;

        @Override
        public JsonNode labels(String namespace) {
            return json(labels);
        }

        @Override
        public void ensureMeshConfig(String namespace) {
            if (broken) {
                throw new IllegalStateException("no answer.");
            }
            done.add("config map in " + namespace);
        }

        @Override
        public void tellNotInjected(String namespace, JsonNode pod, String why) {
            done.add("event in " + namespace + ": " + why);
        }
    }
}
