package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.PortKind;
import java.util.ArrayList;
import java.util.List;

/// Resources that change together, as a value: what they are made from, and nothing else. Equal
/// units compile to equal resources.
sealed interface Unit {
    List<XdsResource> compile();

    /// What does not depend on any object of the cluster.
    record Base() implements Unit {
        @Override
        public List<XdsResource> compile() {
            return List.of(
                    XdsResource.of(
                            ResourceType.CLUSTER,
                            Names.PASSTHROUGH,
                            Clusters.originalDestination(Names.PASSTHROUGH)),
                    XdsResource.of(
                            ResourceType.CLUSTER,
                            Names.INBOUND,
                            Clusters.originalDestination(Names.INBOUND)),
                    XdsResource.of(
                            ResourceType.LISTENER,
                            Names.VIRTUAL_OUTBOUND,
                            Listeners.virtualOutbound()));
        }
    }

    /// A Service's port: its cluster and the listeners at the Service's addresses.
    ///
    /// @param name of cluster, endpoints and route configuration
    /// @param peers service accounts of the meshed pods behind it
    /// @param meshedOnly there is nobody else behind it
    record ServicePort(
            String name,
            List<String> clusterIps,
            int port,
            PortKind kind,
            List<Account> peers,
            boolean meshedOnly,
            MeshPolicy policy)
            implements Unit {
        public ServicePort {
            clusterIps = List.copyOf(clusterIps);
            peers = List.copyOf(peers);
        }

        @Override
        public List<XdsResource> compile() {
            List<XdsResource> resources = new ArrayList<>();
            resources.add(
                    XdsResource.of(
                            ResourceType.CLUSTER,
                            name,
                            Clusters.service(name, peers, meshedOnly, policy)));
            for (String ip : clusterIps) {
                String listener = Names.listener(ip, port);
                resources.add(
                        XdsResource.of(
                                ResourceType.LISTENER,
                                listener,
                                Listeners.outbound(listener, ip, port, kind, name)));
            }
            return resources;
        }
    }

    /// The endpoints of a Service's port.
    record Endpoints(String name, List<MeshEndpoint> endpoints) implements Unit {
        public Endpoints {
            endpoints = List.copyOf(endpoints);
        }

        @Override
        public List<XdsResource> compile() {
            return List.of(
                    XdsResource.of(
                            ResourceType.ENDPOINTS,
                            name,
                            ClusterEndpoints.assignment(name, endpoints)));
        }
    }

    /// The route configuration of a Service's port.
    ///
    /// @param routes from HTTPRoutes, best match first; empty if there are none: then all goes to
    ///   the Service
    record Routes(String name, List<RankedRoute> routes) implements Unit {
        public Routes {
            routes = List.copyOf(routes);
        }

        @Override
        public List<XdsResource> compile() {
            return List.of(
                    XdsResource.of(
                            ResourceType.ROUTES,
                            name,
                            RouteConfigurations.service(
                                    name, routes.stream().map(RankedRoute::route).toList())));
        }
    }

    /// What pods of one service account share when they are called by their own addresses.
    record Peer(Account account, MeshPolicy policy) implements Unit {
        @Override
        public List<XdsResource> compile() {
            String name = Names.direct(account);
            return List.of(
                    XdsResource.of(
                            ResourceType.CLUSTER, name, Clusters.direct(name, account, policy)),
                    XdsResource.of(
                            ResourceType.ROUTES,
                            name,
                            RouteConfigurations.service(name, List.of())));
        }
    }

    /// A meshed pod's own address and a port that some Service has on it.
    record PodPort(String ip, int port, PortKind kind, Account account) implements Unit {
        @Override
        public List<XdsResource> compile() {
            String listener = Names.listener(ip, port);
            return List.of(
                    XdsResource.of(
                            ResourceType.LISTENER,
                            listener,
                            Listeners.outbound(listener, ip, port, kind, Names.direct(account))));
        }
    }

    /// A pod's inbound side.
    ///
    /// @param serviceTime tell callers how long the application took
    /// @param onePathForm bring paths into one form before anything judges them
    record Inbound(InboundPorts ports, boolean plaintext, boolean serviceTime, boolean onePathForm)
            implements Unit {
        @Override
        public List<XdsResource> compile() {
            return List.of(
                    XdsResource.of(
                            ResourceType.LISTENER,
                            Names.VIRTUAL_INBOUND,
                            InboundListener.of(this)));
        }
    }
}
