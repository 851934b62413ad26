package dev.weft.proxy.health;

/// What became of one question to an endpoint.
public enum Answer {
    PASSED,
    /// It passed, and asks that others be preferred.
    DEGRADED,
    /// The endpoint says that it is not well.
    FAILED,
    /// The same, but it shall be asked again before that counts.
    FAILED_FOR_NOW,
    /// No connection, no answer in time, or none that can be read.
    SILENT,
    /// This side could not ask yet: it says nothing about the endpoint.
    UNASKED;

    public boolean isGood() {
        return this == PASSED || this == DEGRADED;
    }
}
