package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshPod;
import dev.weft.controlplane.model.MeshService;
import dev.weft.controlplane.model.MeshSlice;
import dev.weft.controlplane.model.MeshSlice.Backend;
import dev.weft.controlplane.model.MeshSlice.State;
import dev.weft.controlplane.model.PortKind;
import dev.weft.controlplane.revision.RevisionSettings.WorkedPod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which pods are behind which ports of which Services.
final class Topology {
    private final MeshModel model;
    private final Set<String> draining;
    private final Map<String, MeshPod> meshedByIp = new HashMap<>();

    private final List<ServicePort> servicePorts = new ArrayList<>();
    private final Map<MeshPod, TreeMap<Integer, DeclaredPort>> podPorts = new HashMap<>();
    private final Map<String, Set<String>> assignmentsOfDraining = new HashMap<>();
    private final Set<String> lastEndpoints = new HashSet<>();
    private final Set<String> held = new HashSet<>();

    /// @param peers service accounts of the meshed pods behind the port, ready or not
    /// @param meshedOnly there is nobody else behind it
    record ServicePort(
            MeshService service,
            MeshService.Port port,
            List<Account> peers,
            boolean meshedOnly,
            List<MeshEndpoint> endpoints) {}

    /// What Services say of a pod's port.
    ///
    /// @param own said by Services of the pod's own namespace, whom others' do not contradict: who
    ///   may write EndpointSlices elsewhere must not say how this pod is protected
    record DeclaredPort(PortKind kind, boolean own) {
        DeclaredPort and(DeclaredPort other) {
            if (own != other.own) {
                return own ? this : other;
            }
            return new DeclaredPort(kind.and(other.kind), own);
        }
    }

    private record Candidate(String address, int port, State state, @Nullable MeshPod pod) {
        boolean isMeshed() {
            return pod != null && pod.meshed();
        }
    }

    private Topology(MeshModel model) {
        this.model = model;
        this.draining =
                model.settings().pods().stream()
                        .filter(WorkedPod::drain)
                        .map(WorkedPod::uid)
                        .collect(Collectors.toUnmodifiableSet());
        for (MeshPod pod : model.pods().values()) {
            if (pod.meshed()) {
                pod.ips().forEach(ip -> meshedByIp.put(ip, pod));
            }
        }
    }

    static Topology of(MeshModel model) {
        Topology topology = new Topology(model);
        for (MeshService service : model.services().values()) {
            if (!service.external()) {
                service.ports().forEach(port -> topology.add(service, port));
            }
        }
        return topology;
    }

    List<ServicePort> servicePorts() {
        return servicePorts;
    }

    /// Of each meshed pod the ports that some Service has on it.
    Map<MeshPod, TreeMap<Integer, DeclaredPort>> podPorts() {
        return podPorts;
    }

    /// The endpoint resources that a draining pod can be in.
    Set<String> assignmentsOf(String draining) {
        return assignmentsOfDraining.getOrDefault(draining, Set.of());
    }

    /// Whether a draining pod stays in use somewhere, because there is nobody else.
    boolean isLastEndpoint(String draining) {
        return lastEndpoints.contains(draining);
    }

    /// Whether a draining pod is in use somewhere though it is not ready, so that taking its mark
    /// away would leave a Service without endpoints.
    boolean isHeld(String draining) {
        return held.contains(draining);
    }

    private void add(MeshService service, MeshService.Port port) {
        List<Candidate> candidates = candidates(service, port);
        Set<Account> peers = new TreeSet<>();
        for (Candidate candidate : candidates) {
            MeshPod pod = candidate.pod;
            if (pod != null && pod.meshed()) {
                peers.add(Account.of(pod));
                podPorts.computeIfAbsent(pod, _ -> new TreeMap<>())
                        .merge(
                                candidate.port,
                                new DeclaredPort(
                                        port.kind(),
                                        service.name().namespace().equals(pod.name().namespace())),
                                DeclaredPort::and);
            }
        }
        servicePorts.add(
                new ServicePort(
                        service,
                        port,
                        List.copyOf(peers),
                        candidates.stream().allMatch(Candidate::isMeshed),
                        endpoints(Names.outbound(service, port.port()), candidates)));
    }

    private List<Candidate> candidates(MeshService service, MeshService.Port port) {
        TreeMap<MeshEndpoint, Candidate> found = new TreeMap<>();
        for (MeshSlice slice : model.slices().getOrDefault(service.name(), List.of())) {
            for (MeshSlice.Port slicePort : slice.ports()) {
                if (slicePort.name().equals(port.name())) {
                    slice.backends().stream()
                            .filter(this::isKnown)
                            .map(backend -> candidate(slice, backend, slicePort.number()))
                            .forEach(candidate ->
                                    found.merge(key(candidate), candidate, Topology::better));
                }
            }
        }
        return List.copyOf(found.values());
    }

    /// Slices and pods come by different watches. An endpoint whose pod has not been seen yet
    /// waits: it could be meshed, and would be called in clear.
    private boolean isKnown(Backend backend) {
        if (backend.pod() == null) {
            return true;
        }
        MeshPod pod = model.pods().get(backend.pod());
        return pod != null && (backend.podUid() == null || backend.podUid().equals(pod.uid()));
    }

    private Candidate candidate(MeshSlice slice, Backend backend, int port) {
        MeshPod pod =
                backend.pod() == null
                        ? meshedByIp.get(backend.address())
                        : model.pods().get(backend.pod());
        return new Candidate(backend.address(), port, state(slice, backend, pod), pod);
    }

    /// A Service's slices hear late of what its pods do, by seconds when many change at once. A pod
    /// whose proxy was replaced is not ready for a moment, and its absence is told when it is over;
    /// a pod that ends may have left before.
    private static State state(MeshSlice slice, Backend backend, @Nullable MeshPod pod) {
        if (pod == null || !slice.followsPods()) {
            return backend.state();
        }
        return switch (backend.state()) {
            case READY -> pod.ending() ? State.TERMINATING : State.READY;
            case NOT_READY -> pod.ready() ? State.READY : State.NOT_READY;
            case TERMINATING -> State.TERMINATING;
        };
    }

    private static MeshEndpoint key(Candidate candidate) {
        return new MeshEndpoint(candidate.address, candidate.port, false, false);
    }

    /// While an endpoint moves from one slice to another it is in both.
    private static Candidate better(Candidate one, Candidate other) {
        return one.state.compareTo(other.state) <= 0 ? one : other;
    }

    private List<MeshEndpoint> endpoints(String assignment, List<Candidate> candidates) {
        boolean someoneElse =
                candidates.stream()
                        .anyMatch(candidate ->
                                candidate.state == State.READY && !isDraining(candidate));
        List<MeshEndpoint> endpoints = new ArrayList<>();
        for (Candidate candidate : candidates) {
            MeshPod pod = candidate.pod;
            boolean draining = isDraining(candidate);
            if (pod != null && draining) {
                assignmentsOfDraining
                        .computeIfAbsent(pod.uid(), _ -> new HashSet<>())
                        .add(assignment);
            }
            if (pod != null && draining && !someoneElse && candidate.state != State.TERMINATING) {
                // It stays even while it is not ready: the peers hold requests until it is back.
                lastEndpoints.add(pod.uid());
                if (candidate.state == State.NOT_READY) {
                    held.add(pod.uid());
                }
                endpoints.add(endpoint(candidate, false));
            } else if (candidate.state != State.NOT_READY) {
                endpoints.add(
                        endpoint(candidate, draining || candidate.state == State.TERMINATING));
            }
        }
        return endpoints;
    }

    private boolean isDraining(Candidate candidate) {
        return candidate.pod != null && draining.contains(candidate.pod.uid());
    }

    private static MeshEndpoint endpoint(Candidate candidate, boolean draining) {
        return new MeshEndpoint(candidate.address, candidate.port, candidate.isMeshed(), draining);
    }
}
