package dev.weft.proxy;

import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.Tables;
import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The way to clusters for what the proxy itself has to say; made when it is needed first.
final class OwnCalls {
    private final EventLoop loop;
    private final Supplier<Upstreams> newUpstreams;
    private volatile @Nullable Upstreams upstreams;

    OwnCalls(EventLoop loop, Supplier<Upstreams> newUpstreams) {
        this.loop = loop;
        this.newUpstreams = newUpstreams;
    }

    /// On its event loop.
    Upstreams upstreams() {
        var known = upstreams;
        if (known == null) {
            known = newUpstreams.get();
            upstreams = known;
        }
        return known;
    }

    /// New tables are in force.
    void reconcile(Tables tables) {
        var known = upstreams;
        if (known != null) {
            try {
                loop.execute(() -> known.reconcile(tables));
            } catch (RejectedExecutionException leaving) {
                // Its connections are closed.
            }
        }
    }
}
