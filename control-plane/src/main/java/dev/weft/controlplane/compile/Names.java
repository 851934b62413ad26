package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshService;

/// The names of xDS resources, which allow a proxy to ask for them one by one.
final class Names {
    static final String VIRTUAL_OUTBOUND = "virtualOutbound";
    static final String VIRTUAL_INBOUND = "virtualInbound";
    static final String PASSTHROUGH = "PassthroughCluster";
    static final String INBOUND = "inbound";

    /// No cluster has this name: a route to it answers 500.
    static final String UNRESOLVED = "unresolved";

    private Names() {}

    /// Of the cluster, the endpoints and the route configuration of a Service's port.
    static String outbound(MeshService service, int port) {
        return "outbound|" + port + "||" + service.host();
    }

    /// Of the cluster and the route configuration for pods that are called by their own address.
    static String direct(Account account) {
        return "direct|" + account.namespace() + "|" + account.serviceAccount();
    }

    static String listener(String ip, int port) {
        return ip + "_" + port;
    }
}
