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
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// Measures how long it takes from the write of an EndpointSlice until the last of several proxies
/// has the new endpoint in force. The Service is one that nobody calls. What is asked of the
/// proxies is cheap to answer: to be asked for their whole configuration every few milliseconds
/// keeps both cores of a small machine from what is measured.
final class EndpointChange {
    private static final String NAME = "figure";
    private static final int ADMIN = 15000;
    private static final int CHANGES = 6;
    private static final Duration LOOK = Duration.ofMillis(10);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final KubernetesClient client;
    private final String namespace;

    EndpointChange(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /// The longest of the proxies' times, once for each of several changes; nothing is left behind.
    List<Duration> toTheLastOf(List<Pod> meshed) {
        var ports = new ArrayList<PodPort>();
        var times = new ArrayList<Duration>();
        try (var looking = Executors.newVirtualThreadPerTaskExecutor()) {
            writeService();
            for (Pod pod : meshed) {
                ports.add(PodPort.open(client, namespace, pod.getMetadata().getName(), ADMIN));
            }
            for (int change = 0; change < CHANGES; change++) {
                times.add(toTheLastOf(ports, "192.0.2." + (change + 1), looking));
            }
            return times.subList(1, times.size()); // the first one also waits for the Service
        } finally {
            ports.forEach(PodPort::close);
            client.services().inNamespace(namespace).withName(NAME).delete();
            client.discovery().v1().endpointSlices().inNamespace(namespace).withName(NAME).delete();
        }
    }

    private Duration toTheLastOf(List<PodPort> ports, String address, Executor looking) {
        long began = System.nanoTime();
        var last =
                ports.stream()
                        .map(port ->
                                CompletableFuture.runAsync(() -> await(port, address), looking))
                        .toArray(CompletableFuture<?>[]::new);
        writeSlice(address);
        CompletableFuture.allOf(last).join();
        return Duration.ofNanos(System.nanoTime() - began);
    }

    private static void await(PodPort port, String address) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!port.get("/clusters", LIMIT).contains(address)) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(
                        "after " + LIMIT + " a proxy does not know an endpoint that was written");
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    private void writeService() {
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
    }

    private void writeSlice(String address) {
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
