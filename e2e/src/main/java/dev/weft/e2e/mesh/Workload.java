package dev.weft.e2e.mesh;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A Deployment of the test workload, described as far as tests differ in it.
///
/// @param name of the Deployment; its pods have the label `workload` with it
/// @param app the Service that its pods belong to (label `app`)
/// @param version label `version`
/// @param role the workload's role: `server`, `loadgen` or `recorder`
/// @param env more environment variables
/// @param labels more labels of its pods
/// @param preStopSeconds the application's own `sleep` hook, for clusters without a mesh; 0 is none
/// @param minReadySeconds so long must a pod have been ready before it replaces another
/// @param cpu what its application is entitled to where the node is short of CPU
public record Workload(
        String namespace,
        String name,
        String app,
        String version,
        String role,
        int replicas,
        Map<String, String> env,
        Map<String, String> labels,
        int preStopSeconds,
        int minReadySeconds,
        Quantity cpu) {
    private static final Quantity LITTLE = new Quantity("10m");

    public Workload {
        env = Map.copyOf(env);
        labels = Map.copyOf(labels);
    }

    public static Workload server(String namespace, String name) {
        return new Workload(
                namespace, name, name, "v1", "server", 1, Map.of(), Map.of(), 0, 0, LITTLE);
    }

    public Workload replicas(int count) {
        return with(copy -> copy.replicas = count);
    }

    public Workload version(String app, String version) {
        return with(copy -> {
            copy.app = app;
            copy.version = version;
        });
    }

    public Workload role(String role, Map<String, String> env) {
        return with(copy -> {
            copy.role = role;
            copy.env = env;
        });
    }

    public Workload label(String key, String value) {
        return with(copy -> copy.labels = and(labels, key, value));
    }

    public Workload env(String key, String value) {
        return with(copy -> copy.env = and(env, key, value));
    }

    public Workload preStopSeconds(int seconds) {
        return with(copy -> copy.preStopSeconds = seconds);
    }

    public Workload minReadySeconds(int seconds) {
        return with(copy -> copy.minReadySeconds = seconds);
    }

    public Workload cpu(String quantity) {
        return with(copy -> copy.cpu = new Quantity(quantity));
    }

    private static Map<String, String> and(Map<String, String> map, String key, String value) {
        var more = new TreeMap<>(map);
        more.put(key, value);
        return more;
    }

    private Workload with(Consumer<Copy> change) {
        var copy = new Copy(this);
        change.accept(copy);
        return copy.workload();
    }

    /// What a workload's description is changed in.
    private static final class Copy {
        private final Workload of;
        private String app;
        private String version;
        private String role;
        private int replicas;
        private Map<String, String> env;
        private Map<String, String> labels;
        private int preStopSeconds;
        private int minReadySeconds;
        private Quantity cpu;

        Copy(Workload of) {
            this.of = of;
            this.app = of.app;
            this.version = of.version;
            this.role = of.role;
            this.replicas = of.replicas;
            this.env = of.env;
            this.labels = of.labels;
            this.preStopSeconds = of.preStopSeconds;
            this.minReadySeconds = of.minReadySeconds;
            this.cpu = of.cpu;
        }

        Workload workload() {
            return new Workload(
                    of.namespace,
                    of.name,
                    app,
                    version,
                    role,
                    replicas,
                    env,
                    labels,
                    preStopSeconds,
                    minReadySeconds,
                    cpu);
        }
    }

    ServiceAccount account() {
        return new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(app)
                .endMetadata()
                .build();
    }

    /// The Deployment; at every change a new pod is ready before an old one ends.
    public Deployment deployment(String image) {
        return new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withMinReadySeconds(minReadySeconds)
                .withNewSelector()
                .addToMatchLabels("workload", name)
                .endSelector()
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxSurge(new IntOrString(1))
                .withMaxUnavailable(new IntOrString(0))
                .endRollingUpdate()
                .endStrategy()
                .withTemplate(template(image))
                .endSpec()
                .build();
    }

    /// What its pods are made from, for kinds other than a Deployment too.
    public PodTemplateSpec template(String image) {
        return new PodTemplateSpecBuilder()
                .withNewMetadata()
                .addToLabels(podLabels())
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(app)
                .withTerminationGracePeriodSeconds(30L)
                .withEnableServiceLinks(false)
                .withContainers(container(image))
                .endSpec()
                .build();
    }

    private Map<String, String> podLabels() {
        var all = new TreeMap<>(labels);
        all.put("workload", name);
        all.put("app", app);
        all.put("version", version);
        return all;
    }

    private Container container(String image) {
        var container =
                new ContainerBuilder()
                        .withName("app")
                        .withImage(image)
                        .withImagePullPolicy("IfNotPresent")
                        .withArgs(role)
                        .withEnv(environment())
                        .withNewReadinessProbe()
                        .withNewHttpGet()
                        .withPath("/healthz")
                        .withPort(new IntOrString(8080))
                        .endHttpGet()
                        .withPeriodSeconds(1)
                        .withFailureThreshold(5)
                        .withTimeoutSeconds(2)
                        .endReadinessProbe()
                        .withNewResources()
                        .addToRequests("cpu", cpu)
                        .addToRequests("memory", new Quantity("64Mi"))
                        .endResources();
        if (preStopSeconds > 0) {
            container
                    .withNewLifecycle()
                    .withNewPreStop()
                    .withNewSleep((long) preStopSeconds)
                    .endPreStop()
                    .endLifecycle();
        }
        return container.build();
    }

    private List<EnvVar> environment() {
        var all = new ArrayList<EnvVar>();
        all.add(field("POD_NAME", "metadata.name"));
        all.add(field("MESHED", "metadata.annotations['weft.dev/injection-contract']"));
        all.add(value("SERVICE", app));
        all.add(value("VERSION", version));
        new TreeMap<>(env).forEach((name, text) -> all.add(value(name, text)));
        return all;
    }

    private static EnvVar value(String name, String value) {
        return new EnvVarBuilder().withName(name).withValue(value).build();
    }

    private static EnvVar field(String name, String path) {
        return new EnvVarBuilder()
                .withName(name)
                .withNewValueFrom()
                .withNewFieldRef()
                .withFieldPath(path)
                .endFieldRef()
                .endValueFrom()
                .build();
    }

    /// A Service with all of the workload's ports.
    ///
    /// @param version only pods of this version; all if it is empty
    public static Service service(
            String namespace, String name, String app, Optional<String> version) {
        var selector = new TreeMap<String, String>();
        selector.put("app", app);
        version.ifPresent(value -> selector.put("version", value));
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSelector(selector)
                .withPorts(
                        port("http", 80, 8080, "http"),
                        port("h2c", 81, 8080, "kubernetes.io/h2c"),
                        port("grpc", 9090, 9090, "grpc"),
                        port("tcp", 9100, 9100, null),
                        port("greet", 9101, 9101, null),
                        port("local", 9102, 9102, null),
                        port("own-tls", 9103, 9103, null))
                .endSpec()
                .build();
    }

    private static ServicePort port(
            String name, int port, int target, @org.jspecify.annotations.Nullable String protocol) {
        return new ServicePortBuilder()
                .withName(name)
                .withPort(port)
                .withTargetPort(new IntOrString(target))
                .withAppProtocol(protocol)
                .build();
    }
}
