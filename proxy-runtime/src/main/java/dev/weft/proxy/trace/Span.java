package dev.weft.proxy.trace;

import dev.weft.proxy.telemetry.RequestLog;

/// What is told of one traced request.
record Span(LiveSpan context, RequestLog log) {}
