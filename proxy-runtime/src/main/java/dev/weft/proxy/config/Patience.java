package dev.weft.proxy.config;

import java.time.Duration;

/// How long a listener waits for its clients. Zero: without end, which is what Weft's control plane
/// asks for by saying nothing.
///
/// @param head from the first byte of a request's head to its last
/// @param request from the head to the end of the body
/// @param idle in which nothing of a request or its answer moves
/// @param longest from the head to the end of the answer
public record Patience(Duration head, Duration request, Duration idle, Duration longest) {
    public static final Patience ENDLESS =
            new Patience(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
}
