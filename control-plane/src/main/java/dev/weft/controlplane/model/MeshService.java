package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the mesh needs of a Service.
///
/// @param clusterIps of every family; empty for a headless one
/// @param external type ExternalName: the mesh passes its traffic through
/// @param ports its TCP ports
public record MeshService(
        ObjectName name, List<String> clusterIps, boolean external, List<Port> ports) {
    public MeshService {
        clusterIps = List.copyOf(clusterIps);
        ports = List.copyOf(ports);
    }

    /// @param name empty if the port has none
    public record Port(String name, int port, PortKind kind) {}

    public static MeshService of(Service service) {
        ServiceSpec spec = service.getSpec();
        return new MeshService(
                ObjectName.of(service),
                clusterIps(spec),
                "ExternalName".equals(spec.getType()),
                spec.getPorts().stream()
                        .filter(MeshService::isTcp)
                        .map(MeshService::port)
                        .toList());
    }

    private static List<String> clusterIps(ServiceSpec spec) {
        List<String> all =
                spec.getClusterIPs().isEmpty() && spec.getClusterIP() != null
                        ? List.of(spec.getClusterIP())
                        : spec.getClusterIPs();
        return all.stream().filter(ip -> !ip.isEmpty() && !ip.equals("None")).toList();
    }

    private static boolean isTcp(ServicePort port) {
        return port.getProtocol() == null || port.getProtocol().equals("TCP");
    }

    private static Port port(ServicePort port) {
        return new Port(
                port.getName() == null ? "" : port.getName(),
                port.getPort(),
                PortKind.of(port.getAppProtocol(), port.getName()));
    }

    /// The port with this number, or null.
    public @Nullable Port port(int number) {
        return ports.stream().filter(port -> port.port() == number).findFirst().orElse(null);
    }

    /// The name by which xDS resources are called.
    public String host() {
        return name.name() + "." + name.namespace() + ".svc.cluster.local";
    }
}
