package dev.weft.api;

/// Whom the inbound side of a meshed pod listens to.
public enum MtlsMode {
    /// Mesh TLS, and plaintext from those that are not in the mesh.
    Permissive,
    /// Mesh TLS alone.
    Strict
}
