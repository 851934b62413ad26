package dev.weft.proxy.bootstrap;

/// Which variant of ADS a control plane speaks.
public enum AdsVariant {
    /// `DELTA_GRPC`: each side says what has changed.
    DELTA,

    /// `GRPC`: each side says all that there is.
    STATE_OF_THE_WORLD
}
