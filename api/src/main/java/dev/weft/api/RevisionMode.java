package dev.weft.api;

/// What a revision's proxies do; the mesh is detached by going through these in order.
public enum RevisionMode {
    /// The mesh as `mtlsMode` says.
    Mesh,
    /// Every inbound side accepts plaintext.
    Permissive,
    /// Besides, every outbound side sends plaintext; no certificate is needed.
    PassThrough
}
