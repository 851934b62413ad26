package dev.weft.api;

/// Annotations of Weft.
public final class Annotations {
    /// On a meshed pod: the number of the injection contract that it was born with.
    public static final String INJECTION_CONTRACT = "weft.dev/injection-contract";

    /// On a meshed pod: the revision that serves it. The operator changes it to move the pod.
    public static final String REVISION = "weft.dev/revision";

    /// On a meshed pod: the slot whose container serves, `1` or `2`. The operator changes it to
    /// have the pod's next proxy take over.
    public static final String SLOT = "weft.dev/slot";

    /// On a meshed pod: the application's own probes, as JSON.
    public static final String PROBES = "weft.dev/probes";

    /// On a meshed pod, while its proxy is being replaced: the id of the container that waited in
    /// the slot of the next one, and goes first; empty where it may stay.
    public static final String REPLACING = "weft.dev/replacing";

    /// On what the operator owns: the hash of what it last wanted, which tells drift from its own
    /// changes.
    public static final String APPLIED = "weft.dev/applied";

    private Annotations() {}
}
