package dev.weft.proxy.filter;

/// One filter with its settings, compiled once per xDS change. Any thread.
public sealed interface HttpFilter
        permits AdaptiveConcurrency, Cors, Fault, LocalRateLimit, Unfiltered {
    Verdict judge(FilterRequest request);
}
