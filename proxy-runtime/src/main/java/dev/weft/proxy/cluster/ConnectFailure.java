package dev.weft.proxy.cluster;

import dev.weft.proxy.outlier.OutlierMonitor;
import dev.weft.proxy.refusal.Refusal;
import java.io.IOException;

/// No connection to an endpoint could be made; nothing was sent.
final class ConnectFailure extends IOException {
    private static final long serialVersionUID = 1;

    private final Refusal refusal;

    ConnectFailure(Refusal refusal, String detail) {
        super(detail);
        this.refusal = refusal;
    }

    /// Counts against the endpoint, unless it was this side that was not ready.
    static void report(Throwable cause, EndpointState endpoint) {
        if (refusalOf(cause) == Refusal.UPSTREAM_CONNECT_FAILED) {
            endpoint.failed(OutlierMonitor.Failure.NOT_CONNECTED);
        }
    }

    static Refusal refusalOf(Throwable cause) {
        return cause instanceof ConnectFailure failure
                ? failure.refusal
                : Refusal.UPSTREAM_CONNECT_FAILED;
    }
}
