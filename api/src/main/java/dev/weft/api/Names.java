package dev.weft.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Names that more than one part of Weft knows.
public final class Names {
    public static final String GROUP = "weft.dev";
    public static final String VERSION = "v1alpha1";

    /// The namespace of the operator and of the control planes.
    public static final String NAMESPACE = "weft-system";

    /// The Secret with the mesh's root: `tls.crt`, `tls.key`.
    public static final String ROOT_SECRET = "weft-root";

    /// In each meshed namespace: [#ROOTS_KEY] and a bootstrap file for each revision.
    public static final String MESH_CONFIG_MAP = "weft-mesh";

    public static final String ROOTS_KEY = "roots.pem";

    /// The versions that the operator may install, one key each.
    public static final String VERSIONS_CONFIG_MAP = "weft-versions";

    public static final String INJECTOR = "weft-injector";
    public static final String INJECT_PATH = "/inject";

    /// The ClusterRole of control planes. It comes with the manifests; the operator may bind it,
    /// and none other.
    public static final String CONTROL_PLANE_ROLE = "weft-control-plane";

    /// The containers of a meshed pod that may run its proxy, in the order of their slots: all but
    /// the one whose turn it is wait.
    public static final List<String> PROXY_CONTAINERS = List.of("weft-proxy", "weft-proxy-2");

    public static final String FIRST_SLOT = "1";
    public static final String SECOND_SLOT = "2";

    public static final String INIT_CONTAINER = "weft-init";

    public static final String TOKEN_AUDIENCE = "weft.dev/control-plane";

    public static final int XDS_PORT = 15010;
    public static final int WEBHOOK_PORT = 15017;
    public static final int HTTP_PORT = 8080;

    /// The UID and GID of the proxy's containers; a pod with a container of the same UID is
    /// refused.
    public static final long PROXY_UID = 1337;

    /// The number of `docs/injection-contract.md`.
    public static final int INJECTION_CONTRACT = 1;

    private Names() {}

    /// The container of the slot that [Annotations#SLOT] names; nothing else names the first one.
    ///
    /// @param slot null where a pod has no such annotation
    public static String proxyContainer(@Nullable String slot) {
        return PROXY_CONTAINERS.get(SECOND_SLOT.equals(slot) ? 1 : 0);
    }

    /// The slot that the next proxy of a pod gets.
    public static String otherSlot(@Nullable String slot) {
        return SECOND_SLOT.equals(slot) ? FIRST_SLOT : SECOND_SLOT;
    }

    /// The revision of a version: `0-2-0` for `0.2.0`.
    public static String revision(String version) {
        return version.replace('.', '-').replace('+', '-').toLowerCase(java.util.Locale.ROOT);
    }

    /// The Deployment, Service, ServiceAccount and PodDisruptionBudget of a revision.
    public static String controlPlane(String revision) {
        return "weft-control-plane-" + revision;
    }

    /// The key of a revision's bootstrap file in [#MESH_CONFIG_MAP].
    public static String bootstrapKey(String revision) {
        return "bootstrap-" + revision + ".json";
    }

    /// The name by which proxies and the API server reach a revision's Service.
    public static String controlPlaneHost(String revision) {
        return controlPlane(revision) + "." + NAMESPACE + ".svc";
    }
}
