package dev.weft.operator.plan;

import dev.weft.api.MeshRevisionSpec;

/// A revision as it shall be.
public record WantedRevision(String name, String controlPlaneImage, MeshRevisionSpec spec) {}
