package dev.weft.operator.desired;

import dev.weft.api.Labels;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.MeshRevision;
import dev.weft.api.Names;
import dev.weft.operator.plan.WantedRevision;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The objects of one control plane revision.
final class ControlPlane {
    static final String COMPONENT = "control-plane";

    private static final long USER = 10001;

    private final Desired desired;
    private final WantedRevision revision;
    private final MeshInstallationSpec.ControlPlane size;
    private final String name;

    ControlPlane(Desired desired, WantedRevision revision, MeshInstallationSpec.ControlPlane size) {
        this.desired = desired;
        this.revision = revision;
        this.size = size;
        this.name = Names.controlPlane(revision.name());
    }

    List<HasMetadata> all() {
        var objects = new ArrayList<HasMetadata>();
        objects.add(meshRevision());
        objects.add(new ServiceAccountBuilder().withMetadata(meta()).build());
        objects.add(service());
        if (!revision.controlPlaneImage().isEmpty()) {
            objects.add(deployment());
        }
        objects.add(disruptionBudget());
        return objects;
    }

    private MeshRevision meshRevision() {
        var object = new MeshRevision();
        object.setMetadata(labelled(desired.meta(revision.name(), COMPONENT, "")));
        object.setSpec(revision.spec());
        return object;
    }

    private Service service() {
        return new ServiceBuilder()
                .withMetadata(meta())
                .withNewSpec()
                .withSelector(selector())
                .withPorts(
                        port("grpc-xds", Names.XDS_PORT),
                        port("https-webhook", Names.WEBHOOK_PORT),
                        port("http-metrics", Names.HTTP_PORT))
                .endSpec()
                .build();
    }

    private static ServicePort port(String name, int port) {
        return new ServicePortBuilder()
                .withName(name)
                .withProtocol("TCP")
                .withPort(port)
                .withTargetPort(new IntOrString(port))
                .build();
    }

    private PodDisruptionBudget disruptionBudget() {
        return new PodDisruptionBudgetBuilder()
                .withMetadata(meta())
                .withNewSpec()
                .withMaxUnavailable(new IntOrString(1))
                .withNewSelector()
                .withMatchLabels(selector())
                .endSelector()
                .endSpec()
                .build();
    }

    private Deployment deployment() {
        return new DeploymentBuilder()
                .withMetadata(meta())
                .withNewSpec()
                .withReplicas(size.replicas())
                .withNewSelector()
                .withMatchLabels(selector())
                .endSelector()
                .withNewStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxUnavailable(new IntOrString(0))
                .withMaxSurge(new IntOrString(1))
                .endRollingUpdate()
                .endStrategy()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(podLabels())
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(name)
                .withTerminationGracePeriodSeconds(15L)
                .withNewSecurityContext()
                .withRunAsNonRoot(true)
                .withRunAsUser(USER)
                .withRunAsGroup(USER)
                .withFsGroup(USER)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .addNewTopologySpreadConstraint()
                .withMaxSkew(1)
                .withTopologyKey("kubernetes.io/hostname")
                .withWhenUnsatisfiable("ScheduleAnyway")
                .withNewLabelSelector()
                .withMatchLabels(selector())
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .withContainers(container())
                .withVolumes(
                        new VolumeBuilder()
                                .withName("root")
                                .withNewSecret()
                                .withSecretName(Names.ROOT_SECRET)
                                .withDefaultMode(0440)
                                .endSecret()
                                .build(),
                        new VolumeBuilder()
                                .withName("tmp")
                                .withNewEmptyDir()
                                .withSizeLimit(new Quantity("64Mi"))
                                .endEmptyDir()
                                .build())
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    private Container container() {
        return new ContainerBuilder()
                .withName("control-plane")
                .withImage(revision.controlPlaneImage())
                .withEnv(
                        new EnvVarBuilder()
                                .withName("WEFT_REVISION")
                                .withValue(revision.name())
                                .build(),
                        fromPod("POD_NAME", "metadata.name"),
                        fromPod("POD_NAMESPACE", "metadata.namespace"))
                .withPorts(
                        new ContainerPortBuilder()
                                .withName("grpc-xds")
                                .withContainerPort(Names.XDS_PORT)
                                .withProtocol("TCP")
                                .build(),
                        new ContainerPortBuilder()
                                .withName("https-webhook")
                                .withContainerPort(Names.WEBHOOK_PORT)
                                .withProtocol("TCP")
                                .build(),
                        new ContainerPortBuilder()
                                .withName("http")
                                .withContainerPort(Names.HTTP_PORT)
                                .withProtocol("TCP")
                                .build())
                .withStartupProbe(probe("/q/health/started", 1, 300))
                .withReadinessProbe(probe("/q/health/ready", 2, 2))
                .withLivenessProbe(probe("/q/health/live", 10, 3))
                .withResources(resources())
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                .withVolumeMounts(
                        new VolumeMountBuilder()
                                .withName("root")
                                .withMountPath("/etc/weft/root")
                                .withReadOnly(true)
                                .build(),
                        new VolumeMountBuilder().withName("tmp").withMountPath("/tmp").build())
                .build();
    }

    private static io.fabric8.kubernetes.api.model.EnvVar fromPod(String name, String path) {
        return new EnvVarBuilder()
                .withName(name)
                .withNewValueFrom()
                .withNewFieldRef("v1", path)
                .endValueFrom()
                .build();
    }

    private static Probe probe(String path, int period, int failures) {
        return new ProbeBuilder()
                .withNewHttpGet()
                .withPath(path)
                .withPort(new IntOrString(Names.HTTP_PORT))
                .endHttpGet()
                .withPeriodSeconds(period)
                .withFailureThreshold(failures)
                .withTimeoutSeconds(5)
                .build();
    }

    private ResourceRequirements resources() {
        return size.resources() != null
                ? size.resources()
                : new ResourceRequirementsBuilder()
                        .addToRequests("cpu", new Quantity("50m"))
                        .addToRequests("memory", new Quantity("256Mi"))
                        .addToLimits("memory", new Quantity("768Mi"))
                        .build();
    }

    private ObjectMeta meta() {
        return labelled(desired.meta(name, COMPONENT, Names.NAMESPACE));
    }

    private ObjectMeta labelled(ObjectMeta meta) {
        meta.getLabels().put(Labels.REVISION, revision.name());
        return meta;
    }

    private Map<String, String> selector() {
        return Map.of(
                Labels.NAME, "weft", Labels.COMPONENT, COMPONENT, Labels.REVISION, revision.name());
    }

    private Map<String, String> podLabels() {
        var labels = new java.util.TreeMap<>(selector());
        labels.put(Labels.PART_OF, "weft");
        labels.put(Labels.MANAGED_BY, Desired.MANAGER);
        return labels;
    }
}
