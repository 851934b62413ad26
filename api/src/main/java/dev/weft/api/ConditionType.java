package dev.weft.api;

/// The conditions of a [MeshInstallation].
public enum ConditionType {
    /// `True`: the version in force serves the mesh, also while another one is on its way in.
    Ready,
    /// `True`: the operator is on its way from what is to what `spec` asks for.
    Progressing,
    /// `True`: something is wrong, and a person should read the message.
    Degraded
}
