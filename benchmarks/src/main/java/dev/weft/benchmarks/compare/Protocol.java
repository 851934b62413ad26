package dev.weft.benchmarks.compare;

/// What is spoken by the client, the proxies and the application.
enum Protocol {
    HTTP1("http1"),
    HTTP2("http2"),
    GRPC("grpc"),
    TCP("tcp");

    private final String word;

    Protocol(String word) {
        this.word = word;
    }

    /// Its name in options and results.
    String word() {
        return word;
    }

    /// Whether a connection carries many requests at once.
    boolean multiplexes() {
        return this == HTTP2 || this == GRPC;
    }

    @Override
    public String toString() {
        return word;
    }
}
