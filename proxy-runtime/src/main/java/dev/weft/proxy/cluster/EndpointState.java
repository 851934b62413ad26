package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.outlier.OutlierMonitor;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import org.jspecify.annotations.Nullable;

/// What all event loops together know of one endpoint of one cluster. Any thread.
final class EndpointState {
    private final Vitals vitals;
    private final Permits connections;
    private volatile @Nullable OutlierMonitor monitor;

    EndpointState(Vitals vitals, int connections) {
        this.vitals = vitals;
        this.connections = new Permits(connections);
    }

    Vitals vitals() {
        return vitals;
    }

    Permits connections() {
        return connections;
    }

    /// Null: nobody watches it.
    @Nullable OutlierMonitor monitor() {
        return monitor;
    }

    void watch(@Nullable OutlierMonitor monitor) {
        this.monitor = monitor;
    }

    void answered(int status) {
        var watching = monitor;
        if (watching != null) {
            watching.answered(status);
        }
    }

    void failed(Failure failure) {
        var watching = monitor;
        if (watching != null) {
            watching.failed(failure);
        }
    }

    /// @param answers whether answers will follow that say more
    void connected(boolean answers) {
        var watching = monitor;
        if (watching != null) {
            watching.connected(answers);
        }
    }
}
