package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the mesh needs of an EndpointSlice.
///
/// @param service the Service that it belongs to
/// @param followsPods Kubernetes' own controller writes it: its readiness is that of the pods, a
///   moment later
public record MeshSlice(
        ObjectName name,
        ObjectName service,
        boolean followsPods,
        List<Port> ports,
        List<Backend> backends) {
    private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    private static final String KUBERNETES = "endpointslice-controller.k8s.io";

    public MeshSlice {
        ports = List.copyOf(ports);
        backends = List.copyOf(backends);
    }

    /// @param name of the Service's port; empty if it has none
    public record Port(String name, int number) {}

    /// @param pod the pod behind the address, if the slice says so
    public record Backend(
            String address, State state, @Nullable ObjectName pod, @Nullable String podUid) {}

    /// How far an endpoint may be used.
    public enum State {
        READY,
        /// Serves on, but will soon be gone.
        TERMINATING,
        NOT_READY
    }

    /// Null if the slice belongs to no Service, or holds names instead of addresses.
    public static @Nullable MeshSlice of(EndpointSlice slice) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        String service = labels == null ? null : labels.get("kubernetes.io/service-name");
        if (service == null || "FQDN".equals(slice.getAddressType())) {
            return null;
        }
        return new MeshSlice(
                ObjectName.of(slice),
                new ObjectName(slice.getMetadata().getNamespace(), service),
                KUBERNETES.equals(labels.get(MANAGED_BY)),
                orEmpty(slice.getPorts()).stream()
                        .filter(MeshSlice::isTcp)
                        .map(MeshSlice::port)
                        .toList(),
                orEmpty(slice.getEndpoints()).stream()
                        .filter(endpoint -> !endpoint.getAddresses().isEmpty())
                        .map(MeshSlice::backend)
                        .toList());
    }

    /// The API server leaves out what is empty, for example the ports of a slice whose pods have no
    /// address yet.
    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    private static boolean isTcp(EndpointPort port) {
        return port.getPort() != null
                && (port.getProtocol() == null || port.getProtocol().equals("TCP"));
    }

    private static Port port(EndpointPort port) {
        return new Port(port.getName() == null ? "" : port.getName(), port.getPort());
    }

    private static Backend backend(Endpoint endpoint) {
        // Several addresses of one endpoint are the same pod: the API asks to use the first.
        String address = endpoint.getAddresses().getFirst();
        ObjectReference target = endpoint.getTargetRef();
        if (target == null || !"Pod".equals(target.getKind())) {
            return new Backend(address, state(endpoint.getConditions()), null, null);
        }
        return new Backend(
                address,
                state(endpoint.getConditions()),
                new ObjectName(target.getNamespace(), target.getName()),
                target.getUid());
    }

    /// `ready` is true for unready pods too where the Service publishes not ready addresses: so its
    /// word is enough.
    private static State state(@Nullable EndpointConditions conditions) {
        if (conditions == null) {
            return State.READY;
        }
        boolean ready = !Boolean.FALSE.equals(conditions.getReady());
        if (Boolean.TRUE.equals(conditions.getTerminating())) {
            boolean serving = Boolean.TRUE.equals(conditions.getServing());
            return ready || serving ? State.TERMINATING : State.NOT_READY;
        }
        return ready ? State.READY : State.NOT_READY;
    }
}
