package dev.weft.operator.plan;

/// An image that shall be proved on a node.
public record WantedProof(String node, String image) {}
