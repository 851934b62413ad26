package dev.weft.proxy.config;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Where xDS responses go. Called from the single xDS thread only.
public interface ConfigSink {
    /// Empty: accepted (ACK). Otherwise the NACK's text, and nothing of this response is applied.
    Optional<String> apply(String typeUrl, List<Resource> changed, List<String> removed);

    /// The names to subscribe to for route configurations and endpoints, as the accepted listeners
    /// and clusters say.
    Set<String> wanted(String typeUrl);
}
