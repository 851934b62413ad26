package dev.weft.proxy.config;

import dev.weft.proxy.route.HeaderEdits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Which requests are traced, and where their spans go. Percents are from 0 to 100.
///
/// @param export null: spans go nowhere, contexts are passed on
/// @param client of the requests whose client asks for a trace by `x-client-trace-id`
/// @param random of all others without a context
/// @param overall of those that would be traced
/// @param maxPath longer paths are cut in spans
public record TracingSpec(
        @Nullable Export export, double client, double random, double overall, int maxPath) {
    /// An OTLP collector, and as whom this proxy speaks there.
    ///
    /// @param grpc false: protobuf over HTTP/1.1, to `path`
    public record Export(
            String service,
            String cluster,
            boolean grpc,
            String authority,
            String path,
            HeaderEdits headers,
            Duration timeout) {}
}
