package dev.weft.proxy.telemetry;

/// Which side of the pod's application a request or connection was on.
public enum Direction {
    INBOUND,
    OUTBOUND
}
