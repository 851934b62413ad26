package dev.weft.benchmarks.compare;

/// What is between client and application.
enum Topology {
    /// One proxy, nothing encrypted.
    PLAIN("plain"),
    /// The client's proxy, mesh TLS, the application's proxy.
    SIDECARS("sidecars");

    private final String word;

    Topology(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    @Override
    public String toString() {
        return word;
    }
}
