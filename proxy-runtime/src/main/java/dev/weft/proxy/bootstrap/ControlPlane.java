package dev.weft.proxy.bootstrap;

import dev.weft.proxy.overload.OverloadRules;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A control plane as its bootstrap names it.
///
/// @param revision tells it from others; it is the file's, not the bootstrap's
/// @param serverName the host name that its certificate must carry; null when it is spoken to in
///   clear, and then it is sent no credentials
/// @param variant what it speaks
/// @param wantsLoad whether load reports are to be sent there, whatever its clusters say
/// @param overload when the proxy takes no more
/// @param node what the bootstrap says of the node, before this proxy adds what it knows itself
/// @param ignored fields of the bootstrap that are not used
public record ControlPlane(
        String revision,
        String host,
        int port,
        @Nullable String serverName,
        Node node,
        AdsVariant variant,
        boolean wantsLoad,
        OverloadRules overload,
        List<String> ignored) {
    public ControlPlane {
        ignored = List.copyOf(ignored);
    }

    public ControlPlane(
            String revision, String host, int port, @Nullable String serverName, Node node) {
        this(
                revision,
                host,
                port,
                serverName,
                node,
                AdsVariant.DELTA,
                false,
                OverloadRules.DEFAULT,
                List.of());
    }

    /// What this proxy tells it of itself.
    public Node tell(Pod pod, Build build) {
        var told = node.toBuilder().setUserAgentName("weft").setUserAgentVersion(build.version());
        told.addAllClientFeatures(build.features());
        if (!pod.name().isEmpty()) {
            told.setId(pod.name() + "." + pod.namespace());
        }
        return told.build();
    }

    @Override
    public String toString() {
        return "revision " + revision + " at " + host + ":" + port;
    }
}
