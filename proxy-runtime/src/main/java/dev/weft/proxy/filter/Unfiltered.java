package dev.weft.proxy.filter;

/// A filter that is configured, and switched off or has nothing to do.
public record Unfiltered() implements HttpFilter {
    @Override
    public Verdict judge(FilterRequest request) {
        return Verdict.PASS;
    }
}
