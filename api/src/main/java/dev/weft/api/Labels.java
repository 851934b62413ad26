package dev.weft.api;

/// Labels of Weft.
public final class Labels {
    /// On a namespace or a pod: [#INJECT_ENABLED] or [#INJECT_DISABLED]; the pod's word beats its
    /// namespace's.
    public static final String INJECT = "weft.dev/inject";

    public static final String INJECT_ENABLED = "enabled";
    public static final String INJECT_DISABLED = "disabled";

    /// On what belongs to one revision of the control plane, its pods among them.
    public static final String REVISION = "weft.dev/revision";

    public static final String NAME = "app.kubernetes.io/name";
    public static final String COMPONENT = "app.kubernetes.io/component";
    public static final String PART_OF = "app.kubernetes.io/part-of";
    public static final String MANAGED_BY = "app.kubernetes.io/managed-by";

    private Labels() {}
}
