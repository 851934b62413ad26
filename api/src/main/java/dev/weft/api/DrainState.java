package dev.weft.api;

/// How far a pod's drain mark has come, as one control plane replica sees it.
public enum DrainState {
    /// Some peer may still send to it.
    Pending,
    /// No peer that has ACKed sends to it.
    Acknowledged,
    /// It is the last endpoint of a Service: it stays, and the peers hold requests while it is
    /// away.
    LastEndpoint
}
