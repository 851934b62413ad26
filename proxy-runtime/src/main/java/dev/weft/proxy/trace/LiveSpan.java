package dev.weft.proxy.trace;

import dev.weft.proxy.telemetry.RequestLog;
import org.jspecify.annotations.Nullable;

/// The span of a request that is under way.
///
/// @param parent null: the trace begins here
/// @param state of the trace, as others have written it
/// @param clientAddress null: it has none
public record LiveSpan(
        SpanExporter exporter,
        TraceContext own,
        @Nullable TraceContext parent,
        String state,
        String userAgent,
        @Nullable String clientAddress,
        int maxPath) {
    /// The request has ended. From any thread, once.
    public void ended(RequestLog log) {
        exporter.add(new Span(this, log));
    }
}
