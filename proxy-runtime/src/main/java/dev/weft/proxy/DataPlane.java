package dev.weft.proxy;

import dev.weft.proxy.config.ConfigSink;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.telemetry.Telemetry;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// The data path: listeners, routes, clusters, and every connection that they carry.
public final class DataPlane implements AutoCloseable {
    public DataPlane(MeshTls tls, Telemetry telemetry, EventLoopGroup loops) {}

    /// Where the xDS client delivers.
    public ConfigSink sink() {
        throw new UnsupportedOperationException();
    }

    /// Binds the listeners as soon as they arrive by xDS.
    public void start() {
        throw new UnsupportedOperationException();
    }

    /// A configuration is in force and both virtual listeners accept.
    public boolean listening() {
        return false;
    }

    /// Asks the inbound side's peers to go elsewhere and serves on; done when they have gone, or
    /// after `atMost`.
    public CompletionStage<Void> drainInbound(Duration atMost) {
        throw new UnsupportedOperationException();
    }

    /// The same for the applications of this pod.
    public CompletionStage<Void> drainOutbound(Duration atMost) {
        throw new UnsupportedOperationException();
    }

    /// Stops taking SYNs, accepts what is queued, then closes the listeners. What was accepted is
    /// served on.
    public void stopAccepting() {
        throw new UnsupportedOperationException();
    }

    /// JSON of what is in force, for the admin port.
    public String dump() {
        return "{}";
    }

    @Override
    public void close() {}
}
