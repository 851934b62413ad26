package dev.weft.operator.trust;

import java.time.Instant;

/// The mesh's root, without its key.
///
/// @param certificatePem for those who shall trust it
public record Root(String certificatePem, Instant notAfter) {}
