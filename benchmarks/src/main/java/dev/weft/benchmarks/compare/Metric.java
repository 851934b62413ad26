package dev.weft.benchmarks.compare;

/// What is measured. Core-seconds are user plus system time of all proxies of a path, with JIT and
/// garbage collection.
enum Metric {
    /// As many requests as go, one after another on each connection or stream.
    REQUESTS("requests_per_core_second"),
    /// The same in bytes of bodies, both ways; for TCP.
    BYTES("bytes_per_core_second"),
    /// At the fixed rate, like the times.
    CPU("cpu_millis_per_1000_requests"),
    P50("p50_millis"),
    P99("p99_millis"),
    P99_9("p99_9_millis"),
    /// Of the larger proxy of a path, after as many requests as go on 64 connections.
    RSS_LOADED("rss_loaded_megabytes"),
    RSS_IDLE("rss_idle_megabytes"),
    /// Of the last of eight proxies of the same kind, which nobody calls.
    PSS_EIGHTH("pss_8th_megabytes"),
    /// From the start of the process until `/ready` says so. Weft's proxy gets its certificate and
    /// its configuration from its control plane in this time, Envoy reads files.
    READY("start_to_ready_millis");

    private final String word;

    Metric(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }
}
