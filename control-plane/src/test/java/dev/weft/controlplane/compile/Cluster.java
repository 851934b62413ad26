package dev.weft.controlplane.compile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A small cluster for tests: Services `web`, `api` and so on in namespace `shop`, each with meshed
/// pods. Each call of [#compile()] compiles what is there now, after what was there before.
public final class Cluster {
    private final List<String> services = new ArrayList<>();
    private final List<String> workloads = new ArrayList<>();
    private final List<String> drained = new ArrayList<>();
    private final List<String> routes = new ArrayList<>();
    private long generation = 1;
    private @Nullable Compilation latest;

    /// Endpoint names of a Service of this cluster.
    public static String name(String service) {
        return "outbound|80||" + service + ".shop.svc.cluster.local";
    }

    public Cluster service(String name) {
        services.add(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: %s, namespace: shop}
                spec:
                  clusterIPs: ["10.96.0.%d"]
                  ports: [{name: http, port: 80}]
                """
                        .formatted(name, services.size() + 1));
        return this;
    }

    /// Somebody's Service, elsewhere, with an EndpointSlice written by hand that names the first
    /// pod.
    public Cluster intruder(String portName) {
        return alsoNaming("elsewhere", portName);
    }

    /// Another Service for the first pod, in its own namespace.
    public Cluster alias(String portName) {
        return alsoNaming("shop", portName);
    }

    private Cluster alsoNaming(String namespace, String portName) {
        services.add(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: other, namespace: %1$s}
                spec:
                  clusterIPs: ["10.96.1.1"]
                  ports: [{name: %2$s, port: 80}]
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata:
                  name: other
                  namespace: %1$s
                  labels: {kubernetes.io/service-name: other}
                addressType: IPv4
                ports: [{name: %2$s, port: 8080, protocol: TCP}]
                endpoints:
                - addresses: [10.244.0.1]
                  conditions: {ready: true}
                """
                        .formatted(namespace, portName));
        return this;
    }

    public Cluster noService(String name) {
        services.removeIf(yaml -> yaml.contains("name: " + name + ","));
        return this;
    }

    /// A ready, meshed pod of that Service.
    public Cluster pod(String service, String name) {
        int number = workloads.size() + 1;
        workloads.add(
                """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: %2$s
                  namespace: shop
                  uid: uid-%2$s
                  annotations: {weft.dev/injection-contract: "1"}
                spec:
                  serviceAccountName: %1$s
                  initContainers: [{name: weft-proxy}]
                status: {podIPs: [{ip: 10.244.0.%3$d}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata:
                  name: %1$s-%2$s
                  namespace: shop
                  labels: {kubernetes.io/service-name: %1$s}
                addressType: IPv4
                ports: [{name: http, port: 8080, protocol: TCP}]
                endpoints:
                - addresses: [10.244.0.%3$d]
                  conditions: {ready: true}
                  targetRef: {kind: Pod, namespace: shop, name: %2$s, uid: uid-%2$s}
                """
                        .formatted(service, name, number));
        return this;
    }

    public Cluster noPod(String name) {
        workloads.removeIf(yaml -> yaml.contains("name: " + name + "\n"));
        return this;
    }

    public Cluster drain(String pod) {
        drained.add("{namespace: shop, name: %1$s, uid: uid-%1$s, drain: true}".formatted(pod));
        generation++;
        return this;
    }

    /// The HTTPRoute `split` on Service `parent`.
    public Cluster route(String parent, String rules) {
        routes.clear();
        routes.add(
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: split, namespace: shop, uid: uid-split, generation: %d}
                spec:
                  parentRefs: [{group: "", kind: Service, name: %s}]
                  rules: %s
                """
                        .formatted(generation, parent, rules));
        return this;
    }

    public Compilation compile() {
        List<String> documents = new ArrayList<>();
        documents.add(
                """
                apiVersion: weft.dev/v1alpha1
                kind: MeshRevision
                metadata: {name: 0-2-0, generation: %d}
                spec:
                  version: 0.2.0
                  trustDomain: mesh.test
                  proxyImage: weft-proxy
                  pods: [%s]
                """
                        .formatted(generation, String.join(", ", drained)));
        documents.addAll(services);
        documents.addAll(workloads);
        documents.addAll(routes);
        Compilation next =
                Compiler.compile(ClusterFile.parse(String.join("---\n", documents)), latest);
        latest = next;
        return next;
    }
}
