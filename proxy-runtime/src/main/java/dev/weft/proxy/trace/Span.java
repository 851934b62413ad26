package dev.weft.proxy.trace;

import dev.weft.proxy.telemetry.RequestLog;

/// What is told of one traced request.
record Span(LiveSpan context, RequestLog log) {
    /// Of the texts that clients have chosen.
    int textChars() {
        return log.textChars() + context.state().length() + context.userAgent().length();
    }
}
