package dev.weft.e2e.demo;

import dev.weft.e2e.mesh.PodPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// Measures how long it takes from the write of an EndpointSlice until the last of several proxies
/// has the new endpoint in force. The Service is one that nobody calls.
final class EndpointChange {
    private static final String NAME = "figure";
    private static final int ADMIN = 15000;
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final KubernetesClient client;
    private final String namespace;

    EndpointChange(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /// The longest of the proxies' times, looking every few milliseconds; with nothing left behind.
    Duration toTheLastOf(List<Pod> meshed) {
        var ports = new ArrayList<PodPort>();
        try (var looking = Executors.newVirtualThreadPerTaskExecutor()) {
            write("192.0.2.1");
            for (Pod pod : meshed) {
                ports.add(PodPort.open(client, namespace, pod.getMetadata().getName(), ADMIN));
            }
            ports.forEach(port -> await(port, "192.0.2.1"));
            long began = System.nanoTime();
            var last =
                    ports.stream()
                            .map(port ->
                                    CompletableFuture.runAsync(
                                            () -> await(port, "192.0.2.2"), looking))
                            .toArray(CompletableFuture<?>[]::new);
            write("192.0.2.2");
            CompletableFuture.allOf(last).join();
            return Duration.ofNanos(System.nanoTime() - began);
        } finally {
            ports.forEach(PodPort::close);
            client.services().inNamespace(namespace).withName(NAME).delete();
            client.discovery().v1().endpointSlices().inNamespace(namespace).withName(NAME).delete();
        }
    }

    private static void await(PodPort port, String address) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!port.get("/config", LIMIT).contains(address)) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(
                        "after " + LIMIT + " a proxy does not know an endpoint that was written");
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    private void write(String address) {
        client.resource(
                        new ServiceBuilder()
                                .withNewMetadata()
                                .withName(NAME)
                                .withNamespace(namespace)
                                .endMetadata()
                                .withNewSpec()
                                .addNewPort()
                                .withName("tcp")
                                .withPort(9)
                                .endPort()
                                .endSpec()
                                .build())
                .forceConflicts()
                .serverSideApply();
        client.resource(
                        new EndpointSliceBuilder()
                                .withNewMetadata()
                                .withName(NAME)
                                .withNamespace(namespace)
                                .addToLabels("kubernetes.io/service-name", NAME)
                                .endMetadata()
                                .withAddressType("IPv4")
                                .addNewPort()
                                .withName("tcp")
                                .withPort(9)
                                .withProtocol("TCP")
                                .endPort()
                                .addNewEndpoint()
                                .addToAddresses(address)
                                .endEndpoint()
                                .build())
                .forceConflicts()
                .serverSideApply();
    }
}
