package dev.weft.operator.observe;

/// The images of one version, and the injection contract that its proxy keeps.
public record Images(String controlPlane, String proxy, int contract) {}
