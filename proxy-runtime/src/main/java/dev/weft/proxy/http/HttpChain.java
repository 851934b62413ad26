package dev.weft.proxy.http;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ChainTarget.RouteSource;
import dev.weft.proxy.downstream.Farewell;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.downstream.ServedChain;
import dev.weft.proxy.downstream.ServedChain.Standing;
import dev.weft.proxy.drain.Drainable;
import dev.weft.proxy.route.RouteTable;
import dev.weft.proxy.worker.Worker;
import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The filter chain of one connection, as it is in the tables of the moment: a connection that
/// lives through a change serves its next request by the new configuration.
final class HttpChain {
    private final Worker worker;
    private final Origin origin;
    private final Channel client;
    private final ServedChain chain;
    private @Nullable String clientAddress;

    /// @param chain which carries HTTP
    /// @param client the connection
    HttpChain(Worker worker, Origin origin, ChainSpec chain, Channel client) {
        this.worker = worker;
        this.origin = origin;
        this.client = client;
        this.chain = new ServedChain(worker.tables(), origin, chain);
    }

    Worker worker() {
        return worker;
    }

    Origin origin() {
        return origin;
    }

    /// Where the connection came from; null: it has no IP address.
    @Nullable InetSocketAddress client() {
        return client.remoteAddress() instanceof InetSocketAddress remote ? remote : null;
    }

    /// The client's IP address; null: it has none.
    @Nullable String clientAddress() {
        if (clientAddress == null && client.remoteAddress() instanceof InetSocketAddress remote) {
            clientAddress = NetUtil.toAddressString(remote.getAddress());
        }
        return clientAddress;
    }

    ChainTarget.Http current() {
        return (ChainTarget.Http) chain.current().target();
    }

    /// @param connection which it serves
    Farewell farewell(Drainable connection) {
        return new Farewell(chain, connection, worker.drain(origin.direction()).removedTime());
    }

    /// Whether the connection's clients should come again by another one: it drains, its chain is
    /// not there any more or not for this peer, or memory is short.
    boolean isLeaving() {
        return chain.standing() != Standing.SERVES
                || worker.overload().endsKeepAlive()
                || worker.drain(origin.direction()).isDraining();
    }

    /// Null: the route configuration is not known.
    @Nullable RouteTable routes() {
        return switch (current().routes()) {
            case RouteSource.Inline(var table) -> table;
            case RouteSource.Named(var name) -> worker.tables().get().routes().get(name);
        };
    }

    /// Whether a CONNECT may be more than a malformed request: somebody has enabled it.
    boolean takesTunnels() {
        var table = routes();
        return current().upgrades().allowTunnels() || (table != null && table.allowsTunnels());
    }
}
