package dev.weft.proxy.downstream;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.Tables;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The filter chain by which a connection is served, as it is in the tables of the moment. Used on
/// the connection's event loop.
public final class ServedChain {
    private final Supplier<Tables> tables;
    private final Origin origin;
    private ChainSpec chain;
    private @Nullable Tables seen;
    private @Nullable ListenerSpec listener;
    private Standing standing = Standing.SERVES;

    /// What has become of it since the connection came.
    public enum Standing {
        SERVES,
        /// The listener has no such chain any more, or is not there itself.
        REMOVED,
        /// The chain does not admit the connection's peer any more.
        FORBIDDEN
    }

    public ServedChain(Supplier<Tables> tables, Origin origin, ChainSpec chain) {
        this.tables = tables;
        this.origin = origin;
        this.chain = chain;
    }

    /// The newest version of it that there was.
    public ChainSpec current() {
        catchUp();
        return chain;
    }

    public Standing standing() {
        catchUp();
        return standing;
    }

    private void catchUp() {
        var now = tables.get();
        if (now == seen) {
            return;
        }
        seen = now;
        var found = now.listeners().get(origin.listener());
        if (found == null) {
            listener = null;
            standing = Standing.REMOVED;
        } else if (found != listener) {
            listener = found;
            judge(found);
        }
    }

    private void judge(ListenerSpec now) {
        var successor = now.successorOf(chain).orElse(null);
        if (successor == null || !isLike(successor)) {
            standing = Standing.REMOVED;
            return;
        }
        chain = successor;
        var tls = successor.tls();
        var peer = origin.peer();
        standing =
                tls == null || (peer != null && tls.admits(peer))
                        ? Standing.SERVES
                        : Standing.FORBIDDEN;
    }

    private boolean isLike(ChainSpec successor) {
        return (successor.tls() == null) == (chain.tls() == null)
                && (successor.target() instanceof ChainTarget.Http)
                        == (chain.target() instanceof ChainTarget.Http);
    }
}
