package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.api.Names;
import dev.weft.controlplane.revision.RevisionSettings;
import java.util.List;

/// Contract 1: the containers and volumes of a meshed pod. Nothing here may depend on more than the
/// image and the resources, because of a running pod only the image can be changed.
final class Contract {
    static final int HEALTH_PORT = 15021;

    static final List<String> VOLUMES =
            List.of("weft-mesh", "weft-pod", "weft-token", "weft-state");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private Contract() {}

    static ObjectNode initContainer(RevisionSettings settings) {
        var container = container(Names.INIT_CONTAINER, settings);
        container.putArray("command").add("/opt/weft/bin/init");
        var security = container.putObject("securityContext");
        security.put("runAsUser", 0).put("runAsGroup", 0).put("runAsNonRoot", false);
        harden(security).putArray("add").add("NET_ADMIN");
        return container;
    }

    /// The containers for the pod's proxy: one runs it, and the next one starts in the other while
    /// this one serves.
    static List<ObjectNode> proxyContainers(RevisionSettings settings) {
        var first = proxyContainer(Names.FIRST_SLOT, settings);
        var second = proxyContainer(Names.SECOND_SLOT, settings);
        // They start one after the other. The second is asked for both: whoever serves answers, and
        // what comes after them waits for that.
        second.set("startupProbe", probe("/ready", 1, 600));
        second.set("readinessProbe", probe("/ready", 2, 3));
        return List.of(first, second);
    }

    private static ObjectNode proxyContainer(String slot, RevisionSettings settings) {
        var container = container(Names.proxyContainer(slot), settings);
        container.put("restartPolicy", "Always");
        container.putArray("env").addObject().put("name", "WEFT_SLOT").put("value", slot);
        var security = container.putObject("securityContext");
        security.put("runAsUser", Names.PROXY_UID)
                .put("runAsGroup", Names.PROXY_UID)
                .put("runAsNonRoot", true);
        harden(security);
        container
                .putObject("lifecycle")
                .putObject("preStop")
                .putObject("exec")
                .putArray("command")
                .add("/opt/weft/bin/drain");
        // Patient: it is for a proxy that hangs, and a restart helps no one that is short of CPU.
        container.set("livenessProbe", probe("/live", 10, 12));
        var mounts = container.putArray("volumeMounts");
        mounts.addObject()
                .put("name", "weft-mesh")
                .put("mountPath", "/etc/weft/mesh")
                .put("readOnly", true);
        mounts.addObject()
                .put("name", "weft-pod")
                .put("mountPath", "/etc/weft/pod")
                .put("readOnly", true);
        mounts.addObject()
                .put("name", "weft-token")
                .put("mountPath", "/var/run/secrets/weft")
                .put("readOnly", true);
        mounts.addObject().put("name", "weft-state").put("mountPath", "/var/lib/weft");
        return container;
    }

    static List<ObjectNode> volumes() {
        var mesh = volume("weft-mesh");
        mesh.putObject("configMap").put("name", Names.MESH_CONFIG_MAP).put("optional", true);

        var pod = volume("weft-pod");
        var items = pod.putObject("downwardAPI").putArray("items");
        for (var field : List.of("name", "namespace", "uid", "annotations")) {
            items.addObject()
                    .put("path", field)
                    .putObject("fieldRef")
                    .put("fieldPath", "metadata." + field);
        }

        var token = volume("weft-token");
        token.putObject("projected")
                .putArray("sources")
                .addObject()
                .putObject("serviceAccountToken")
                .put("audience", Names.TOKEN_AUDIENCE)
                .put("expirationSeconds", 3600)
                .put("path", "token");

        var state = volume("weft-state");
        state.putObject("emptyDir").put("medium", "Memory").put("sizeLimit", "64Mi");
        return List.of(mesh, pod, token, state);
    }

    private static ObjectNode container(String name, RevisionSettings settings) {
        var container = NODES.objectNode();
        container
                .put("name", name)
                .put("image", settings.proxyImage())
                .put("imagePullPolicy", "IfNotPresent");
        container.set("resources", JSON.valueToTree(settings.proxyResources()));
        container.put("terminationMessagePolicy", "FallbackToLogsOnError");
        return container;
    }

    /// Sets all that a pod's own security context could otherwise lend to the container; answers
    /// its capabilities.
    private static ObjectNode harden(ObjectNode security) {
        security.put("privileged", false)
                .put("allowPrivilegeEscalation", false)
                .put("readOnlyRootFilesystem", true)
                .putObject("seccompProfile")
                .put("type", "RuntimeDefault");
        var capabilities = security.putObject("capabilities");
        capabilities.putArray("drop").add("ALL");
        return capabilities;
    }

    private static ObjectNode probe(String path, int periodSeconds, int failureThreshold) {
        var probe = NODES.objectNode();
        probe.putObject("httpGet").put("path", path).put("port", HEALTH_PORT);
        return probe.put("periodSeconds", periodSeconds)
                .put("timeoutSeconds", 3)
                .put("failureThreshold", failureThreshold);
    }

    private static ObjectNode volume(String name) {
        return NODES.objectNode().put("name", name);
    }

    static ArrayNode newArray() {
        return NODES.arrayNode();
    }
}
