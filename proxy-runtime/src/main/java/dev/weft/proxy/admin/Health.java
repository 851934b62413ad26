package dev.weft.proxy.admin;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// How the proxy is.
public interface Health {
    /// Why the pod should get no traffic now; empty when it may.
    Optional<String> unready();

    /// Completes when every thread that must not hang has run a task.
    CompletionStage<?> pulse();
}
