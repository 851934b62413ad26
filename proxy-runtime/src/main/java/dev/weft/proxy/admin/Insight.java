package dev.weft.proxy.admin;

import java.util.concurrent.CompletionStage;

/// What the pod itself may ask the proxy about.
public interface Insight {
    /// JSON.
    CompletionStage<String> config();

    /// JSON.
    String clusters();

    /// JSON.
    String version();

    /// Prometheus' text format.
    String metrics();
}
