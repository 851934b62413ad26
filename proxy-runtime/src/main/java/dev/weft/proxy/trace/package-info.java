/// Distributed traces: enter at [Tracer], which reads a request's context, writes the next one, and
/// sends spans to an OTLP collector. Where a chain has no tracing none of this is touched.
@NullMarked
package dev.weft.proxy.trace;

import org.jspecify.annotations.NullMarked;
