package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.load.Load;
import dev.weft.proxy.outlier.OutlierMonitor;
import dev.weft.proxy.outlier.OutlierMonitor.Failure;
import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What all event loops together know of one endpoint of one cluster. Any thread.
final class EndpointState {
    private static final int SERVER_ERROR = 500;

    private final Vitals vitals;
    private final Permits connections = new Permits(Integer.MAX_VALUE);

    /// Its opaque connections; null: it has had none yet, as most endpoints.
    private volatile @Nullable Set<Channel> opaque;

    private volatile @Nullable OutlierMonitor monitor;
    private volatile @Nullable Load load;

    EndpointState(Vitals vitals) {
        this.vitals = vitals;
    }

    Vitals vitals() {
        return vitals;
    }

    /// Of all priorities; how many there may be depends on whose the next one is.
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

    /// Null: its load is not counted.
    @Nullable Load load() {
        return load;
    }

    void count(@Nullable Load load) {
        this.load = load;
    }

    /// It gets a request, or an opaque connection.
    void began() {
        vitals.began();
        var counting = load;
        if (counting != null) {
            counting.issued();
        }
    }

    private void ended(boolean success) {
        var counting = load;
        if (counting != null) {
            counting.ended(success);
        }
    }

    /// An opaque connection to it is there, until it is closed.
    void carries(Channel connection) {
        var carried = opaque();
        carried.add(connection);
        connection.closeFuture().addListener(_ -> carried.remove(connection));
    }

    private synchronized Set<Channel> opaque() {
        var known = opaque;
        if (known == null) {
            known = ConcurrentHashMap.newKeySet();
            opaque = known;
        }
        return known;
    }

    /// Closes its opaque connections.
    void endOpaque() {
        var carried = opaque;
        if (carried != null) {
            carried.forEach(Channel::close);
        }
    }

    /// An opaque connection has ended.
    void opaqueEnded(boolean connected) {
        vitals.ended();
        ended(connected);
    }

    /// @param sent what [Vitals#sent] said when the request was sent
    void answered(int status, long sent) {
        begins(status, sent);
        ended(status);
    }

    /// As [#answered], but whether it is a success will be told by [#ended].
    void begins(int status, long sent) {
        vitals.answered(sent);
        var watching = monitor;
        if (watching != null) {
            watching.answered(status);
        }
    }

    /// An answer has ended, or says with its head how it will.
    void ended(int status) {
        ended(status < SERVER_ERROR);
    }

    /// @param sent as with [#answered]
    void timedOut(long sent) {
        vitals.answered(sent);
        failed(Failure.TIMED_OUT);
    }

    void failed(Failure failure) {
        if (failure != Failure.NOT_CONNECTED) {
            ended(false);
        }
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
