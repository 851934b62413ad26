package dev.weft.proxy.config;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Where xDS responses go. Called from the single xDS thread only.
public interface ConfigSink {
    /// Puts in force what is right of a response, and takes back what is removed.
    ///
    /// @return which of the changed resources are refused: what was in force under their names
    ///   stays so
    Refusals offer(String typeUrl, List<Resource> changed, List<String> removed);

    /// The same; empty: accepted (ACK). Otherwise the NACK's text.
    default Optional<String> apply(String typeUrl, List<Resource> changed, List<String> removed) {
        return offer(typeUrl, changed, removed).text();
    }

    /// The names to subscribe to for route configurations and endpoints, as the accepted listeners
    /// and clusters say.
    Set<String> wanted(String typeUrl);
}
