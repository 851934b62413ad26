package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;

/// Watches the cluster into a [ModelStore].
///
/// Needs, in the whole cluster: list and watch of pods, services, endpointslices, httproutes and
/// referencegrants, and of the definitions of the latter two.
public final class ClusterWatch implements AutoCloseable {
    private final Watched<Pod> pods;
    private final Watched<Service> services;
    private final Watched<EndpointSlice> slices;
    private final GatewayApiWatch gatewayApi;

    /// @param onChange called on an informer's thread after each change that matters, and when a
    ///   first list is complete
    public ClusterWatch(KubernetesClient client, ModelStore store, Runnable onChange) {
        pods =
                new Watched<>(
                        client.pods().inAnyNamespace(),
                        Pod::new,
                        (name, pod) ->
                                store.pod(
                                        name,
                                        before -> pod == null ? null : MeshPod.of(pod, before)),
                        onChange);
        services =
                new Watched<>(
                        client.services().inAnyNamespace(),
                        Service::new,
                        (name, service) ->
                                store.service(
                                        name, service == null ? null : MeshService.of(service)),
                        onChange);
        slices =
                new Watched<>(
                        client.discovery().v1().endpointSlices().inAnyNamespace(),
                        EndpointSlice::new,
                        (name, slice) ->
                                store.slice(name, slice == null ? null : MeshSlice.of(slice)),
                        onChange);
        gatewayApi = new GatewayApiWatch(client, store, onChange);
    }

    /// The kinds whose first list has not come yet. Until all have, nothing must be compiled: a
    /// route or a pod that is only late would be taken for gone.
    public List<String> missing() {
        List<String> missing = new ArrayList<>();
        addUnless(pods.hasSynced(), "pods", missing);
        addUnless(services.hasSynced(), "services", missing);
        addUnless(slices.hasSynced(), "endpointslices", missing);
        missing.addAll(gatewayApi.missing());
        return missing;
    }

    private static void addUnless(boolean synced, String kind, List<String> missing) {
        if (!synced) {
            missing.add(kind);
        }
    }

    @Override
    public void close() {
        pods.close();
        services.close();
        slices.close();
        gatewayApi.close();
    }
}
