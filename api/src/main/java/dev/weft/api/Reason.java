package dev.weft.api;

/// Why a condition is as it is, and what an Event is about. People alert on these words: they are
/// never renamed.
public enum Reason {
    /// All is as `spec` says.
    AsSpecified(Severity.Normal),
    /// The first control plane is being brought up.
    Installing(Severity.Normal),
    /// Proxies are taking over what `spec` has come to say.
    Configuring(Severity.Normal),
    /// The control plane does not have all of its replicas available.
    ControlPlaneUnavailable(Severity.Warning),
    /// `spec.version` is none of the versions that this operator knows. What runs stays.
    UnknownVersion(Severity.Warning),
    /// An older `MeshInstallation` owns the cluster's mesh; this one does nothing.
    AlreadyInstalled(Severity.Warning),
    /// `spec` passed the API server but cannot be followed. What runs stays.
    InvalidSpec(Severity.Warning),

    /// The new revision's control plane starts beside the old one.
    UpgradeStarting(Severity.Normal),
    /// Proxies move to the new revision, step by step.
    UpgradeMoving(Severity.Normal),
    /// The sidecars' images are changed in the running pods.
    UpgradePatching(Severity.Normal),
    /// The old revision is being removed.
    UpgradeRetiring(Severity.Normal),
    /// The upgrade is done.
    Upgraded(Severity.Normal),
    /// The new control plane was not available within `spec.upgrade.progressDeadline`: removed,
    /// everything stays as it was.
    UpgradeGivenUp(Severity.Warning),
    /// A step takes longer than `spec.upgrade.progressDeadline`: proxies are not seen at the new
    /// revision.
    UpgradeStalled(Severity.Warning),
    /// The new proxy image needs another injection contract than some pods have: these keep their
    /// proxy.
    InjectionContract(Severity.Warning),
    /// The new proxy image could not be started on a node: the pods there keep their proxy.
    ImageNotProved(Severity.Warning),

    /// An object of the mesh had been changed or removed by somebody else, and was put back.
    DriftRepaired(Severity.Warning),
    /// Somebody keeps changing an object of the mesh; the operator has stopped putting it back at
    /// once.
    DriftContested(Severity.Warning),
    /// The API server refused a write.
    ApplyFailed(Severity.Warning),

    /// Deletion waits: meshed pods exist, and `spec.deletionPolicy` is `Wait`.
    WaitingForWorkloads(Severity.Warning),
    /// Deletion with `Detach`: the proxies are being told to pass everything through in clear.
    Detaching(Severity.Normal),
    /// Deletion removes what the operator made.
    Removing(Severity.Normal);

    /// An Event's type.
    public enum Severity {
        Normal,
        Warning
    }

    private final Severity severity;

    Reason(Severity severity) {
        this.severity = severity;
    }

    /// The type of an Event with this reason.
    public Severity severity() {
        return severity;
    }
}
