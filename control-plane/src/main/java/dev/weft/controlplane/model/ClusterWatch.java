package dev.weft.controlplane.model;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;

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

    /// Everything that was there at the start has been seen. Before that nothing must be compiled:
    /// a route or a pod that is only late would be taken for gone.
    public boolean hasSynced() {
        return pods.hasSynced()
                && services.hasSynced()
                && slices.hasSynced()
                && gatewayApi.hasSynced();
    }

    @Override
    public void close() {
        pods.close();
        services.close();
        slices.close();
        gatewayApi.close();
    }
}
