package dev.weft.controlplane.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.api.Annotations;
import dev.weft.api.Labels;
import dev.weft.api.Names;
import dev.weft.controlplane.revision.RevisionSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Decides about one pod. Pure; the pod that is handed in is never changed.
final class Injection {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final String POD_SECURITY = "pod-security.kubernetes.io/enforce";

    private final String revision;
    private final RevisionSettings settings;

    Injection(String revision, RevisionSettings settings) {
        this.revision = revision;
        this.settings = settings;
    }

    /// @param namespaceLabels the labels of the pod's namespace, as a JSON object
    Decision decide(ObjectNode pod, String namespace, JsonNode namespaceLabels) {
        var ofPod = InjectLabel.of(text(pod.at("/metadata/labels").get(Labels.INJECT)));
        var ofNamespace = InjectLabel.of(text(namespaceLabels.get(Labels.INJECT)));
        return switch (ofPod) {
            case InjectLabel.Unknown(var value) -> unknownLabel("the pod", value);
            case InjectLabel.Wanted(var inject) ->
                    inject ? inject(pod, namespaceLabels) : new Decision.Leave();
            case InjectLabel.Unset() ->
                    switch (ofNamespace) {
                        case InjectLabel.Unknown(var value) ->
                                unknownLabel("namespace " + namespace, value);
                        case InjectLabel.Wanted(var inject) ->
                                inject ? inject(pod, namespaceLabels) : new Decision.Leave();
                        case InjectLabel.Unset() -> new Decision.Leave();
                    };
        };
    }

    private static Decision unknownLabel(String where, String value) {
        return new Decision.Refuse(
                "label "
                        + Labels.INJECT
                        + " of "
                        + where
                        + " is '"
                        + value
                        + "': it must be '"
                        + Labels.INJECT_ENABLED
                        + "' or '"
                        + Labels.INJECT_DISABLED
                        + "'.");
    }

    private Decision inject(ObjectNode pod, JsonNode namespaceLabels) {
        var spec = pod.path("spec");
        if (pod.at("/metadata/annotations").has(MIRROR)) {
            return new Decision.Leave(); // the kubelet runs it already; nobody can change it
        }
        if (settings.mode() != RevisionSettings.Mode.MESH) {
            return new Decision.LeaveAndTell(
                    "the mesh is being detached: this pod starts without a proxy.");
        }
        if (spec.path("hostNetwork").asBoolean()) {
            return new Decision.LeaveAndTell(
                    "the pod uses the host's network, where a proxy cannot take over its connections: it stays outside of"
                            + " the mesh. Label it "
                            + Labels.INJECT
                            + ": "
                            + Labels.INJECT_DISABLED
                            + " to say so.");
        }
        if (spec.at("/os/name").asText().equals("windows")) {
            return new Decision.LeaveAndTell(
                    "the pod is for Windows, where the proxy does not run: it stays outside of the mesh.");
        }
        return refusal(spec)
                .<Decision>map(Decision.Refuse::new)
                .orElseGet(() -> patched(pod, namespaceLabels));
    }

    private static Optional<String> refusal(JsonNode spec) {
        for (var container : spec.path("containers")) {
            var name = container.path("name").asText();
            if (isOurs(name)) {
                return Optional.of(
                        "container name '"
                                + name
                                + "' is the mesh's own: give the application's container another name.");
            }
        }
        for (var list : List.of(spec.path("initContainers"), spec.path("containers"))) {
            for (var container : list) {
                var name = container.path("name").asText();
                if (!isOurs(name) && uid(container, spec) == Names.PROXY_UID) {
                    return Optional.of(
                            "container '"
                                    + name
                                    + "' runs as UID "
                                    + Names.PROXY_UID
                                    + ", the UID of the mesh's proxy, whose connections are not taken over: set another"
                                    + " securityContext.runAsUser, or label the pod "
                                    + Labels.INJECT
                                    + ": "
                                    + Labels.INJECT_DISABLED
                                    + ".");
                }
            }
        }
        return Optional.empty();
    }

    private static long uid(JsonNode container, JsonNode spec) {
        var own = container.at("/securityContext/runAsUser");
        return (own.isNumber() ? own : spec.at("/securityContext/runAsUser")).asLong(-1);
    }

    private Decision patched(ObjectNode pod, JsonNode namespaceLabels) {
        var after = pod.deepCopy();
        var spec = after.withObjectProperty("spec");
        var annotations = member(after.withObjectProperty("metadata"), "annotations");
        var probes = new Probes(knownProbes(annotations));
        var warnings = new ArrayList<String>();

        for (var container : spec.path("containers")) {
            probes.rewrite((ObjectNode) container);
        }
        spec.set("initContainers", initContainers(spec.path("initContainers"), probes));
        spec.set("volumes", volumes(spec.path("volumes")));
        annotations.put(Annotations.INJECTION_CONTRACT, Integer.toString(Names.INJECTION_CONTRACT));
        annotations.put(Annotations.REVISION, revision);
        annotations.put(Annotations.SLOT, Names.FIRST_SLOT);
        if (!probes.originals().isEmpty()) {
            annotations.put(Annotations.PROBES, probes.originals().toString());
        }

        warnings.addAll(probes.warnings());
        podSecurity(namespaceLabels).ifPresent(warnings::add);
        return new Decision.Inject(patch(pod, after), warnings);
    }

    private ArrayNode initContainers(JsonNode existing, Probes probes) {
        var containers = Contract.newArray();
        containers.add(Contract.initContainer(settings));
        Contract.proxyContainers(settings).forEach(containers::add);
        for (var container : existing) {
            if (isOurs(container.path("name").asText())) {
                continue; // of an earlier pass, or of a pod whose manifest was copied from a
                // running one
            }
            if (container.path("restartPolicy").asText().equals("Always")) {
                probes.rewrite((ObjectNode) container);
            }
            containers.add(container);
        }
        return containers;
    }

    private static ArrayNode volumes(JsonNode existing) {
        var volumes = Contract.newArray();
        for (var volume : existing) {
            if (!Contract.VOLUMES.contains(volume.path("name").asText())) {
                volumes.add(volume);
            }
        }
        volumes.addAll(Contract.volumes());
        return volumes;
    }

    private static ObjectNode knownProbes(ObjectNode annotations) {
        var text = text(annotations.get(Annotations.PROBES));
        try {
            return text != null && JSON.readTree(text) instanceof ObjectNode known
                    ? known
                    : JSON.createObjectNode();
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode(); // somebody's own text: what the probes say now is what
            // counts
        }
    }

    private static Optional<String> podSecurity(JsonNode namespaceLabels) {
        var level = namespaceLabels.path(POD_SECURITY).asText();
        return level.equals("restricted") || level.equals("baseline")
                ? Optional.of(
                        "the namespace enforces Pod Security '"
                                + level
                                + "', which forbids the NET_ADMIN that weft-init needs: set "
                                + POD_SECURITY
                                + ": privileged, or disable injection.")
                : Optional.empty();
    }

    /// One operation for each part that differs; `add` on a member replaces it.
    private static ArrayNode patch(ObjectNode before, ObjectNode after) {
        var patch = Contract.newArray();
        for (var path : List.of("/metadata/annotations", "/spec/initContainers", "/spec/volumes")) {
            differ(patch, path, before.at(path), after.at(path));
        }
        for (var index = 0; index < after.at("/spec/containers").size(); index++) {
            for (var probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
                var path = "/spec/containers/" + index + "/" + probe;
                differ(patch, path, before.at(path), after.at(path));
            }
        }
        return patch;
    }

    private static void differ(ArrayNode patch, String path, JsonNode before, JsonNode after) {
        if (!before.equals(after)) {
            patch.addObject().put("op", "add").put("path", path).set("value", after);
        }
    }

    private static boolean isOurs(String container) {
        return container.equals(Names.INIT_CONTAINER) || Names.PROXY_CONTAINERS.contains(container);
    }

    /// A member that is an object; `null`, which a manifest may say, counts as absent.
    private static ObjectNode member(ObjectNode parent, String name) {
        return parent.get(name) instanceof ObjectNode object ? object : parent.putObject(name);
    }

    private static @Nullable String text(@Nullable JsonNode node) {
        return node == null || node.isNull() ? null : node.asText();
    }
}
