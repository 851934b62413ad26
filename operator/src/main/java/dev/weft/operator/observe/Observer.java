package dev.weft.operator.observe;

import dev.weft.api.Labels;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshRevision;
import dev.weft.api.MeshRevisionStatus.Replica;
import dev.weft.api.Names;
import dev.weft.operator.apply.Key;
import dev.weft.operator.desired.Desired;
import dev.weft.operator.desired.ProofPod;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads the caches. Every change in them wakes the reconciler for every `MeshInstallation` that
/// there is.
public final class Observer {
    private static final String OURS = Labels.MANAGED_BY + "=" + Desired.MANAGER;

    /// What the kubelet says of a container that is on its way.
    private static final Set<String> STARTING = Set.of("ContainerCreating", "PodInitializing");

    private final List<InformerEventSource<? extends HasMetadata, MeshInstallation>> owned =
            new ArrayList<>();
    private final InformerEventSource<Pod, MeshInstallation> ownPods;
    private final InformerEventSource<Pod, MeshInstallation> meshedPods;
    private final InformerEventSource<ConfigMap, MeshInstallation> versions;
    private final Map<String, String> environment;

    public Observer(EventSourceContext<MeshInstallation> context, Map<String, String> environment) {
        this.environment = environment;
        owned.add(cluster(MeshRevision.class, context));
        owned.add(cluster(ClusterRoleBinding.class, context));
        owned.add(cluster(MutatingWebhookConfiguration.class, context));
        owned.add(cluster(ValidatingAdmissionPolicy.class, context));
        owned.add(cluster(ValidatingAdmissionPolicyBinding.class, context));
        owned.add(own(ServiceAccount.class, context));
        owned.add(own(Service.class, context));
        owned.add(own(Deployment.class, context));
        owned.add(own(PodDisruptionBudget.class, context));
        ownPods = own(Pod.class, context);
        meshedPods =
                new InformerEventSource<>(
                        builder(Pod.class, "meshed-pods", context)
                                .withWatchAllNamespaces()
                                .withItemStore(new MeshedPodStore())
                                .withGenericFilter(MeshedPod::isMeshed)
                                .withOnUpdateFilter(Observer::tellsSomething)
                                .build(),
                        context);
        versions =
                new InformerEventSource<>(
                        builder(ConfigMap.class, "versions", context)
                                .withNamespaces(Set.of(Names.NAMESPACE))
                                .withFieldSelector(
                                        new io.javaoperatorsdk.operator.api.config.informer
                                                .FieldSelector(
                                                new io.javaoperatorsdk.operator.api.config.informer
                                                        .FieldSelector.Field(
                                                        "metadata.name",
                                                        Names.VERSIONS_CONFIG_MAP)))
                                .build(),
                        context);
    }

    /// What the reconciler is to be woken by.
    public List<EventSource<?, MeshInstallation>> sources() {
        var sources = new ArrayList<EventSource<?, MeshInstallation>>(owned);
        sources.add(ownPods);
        sources.add(meshedPods);
        sources.add(versions);
        return sources;
    }

    /// The operator's own objects, proof pods among them; control planes' pods belong to their
    /// Deployments.
    public Owned owned() {
        var objects = new HashMap<String, HasMetadata>();
        owned.stream()
                .flatMap(Observer::list)
                .forEach(object -> objects.put(Key.of(object), object));
        list(ownPods)
                .filter(pod -> hasLabel(pod, Labels.COMPONENT, ProofPod.COMPONENT))
                .forEach(pod -> objects.put(Key.of(pod), pod));
        return new Owned(objects);
    }

    public Observed observe(
            MeshInstallation mesh, Context<MeshInstallation> context, Owned owned, Instant now) {
        return new Observed(
                mesh.getMetadata().getName(),
                mesh.getMetadata().getGeneration(),
                mesh.isMarkedForDeletion(),
                ownerOf(context, mesh),
                mesh.getSpec(),
                mesh.getStatus(),
                Catalogue.of(
                        environment,
                        list(versions)
                                .map(ConfigMap::getData)
                                .filter(data -> data != null)
                                .findFirst()
                                .orElse(Map.of())),
                revisions(owned),
                list(meshedPods).map(MeshedPod::of).filter(pod -> pod != null).toList(),
                owned.ofKind("Pod").stream().map(pod -> proof((Pod) pod)).toList(),
                now);
    }

    /// The oldest one; of two that are equally old, the first by name.
    private static String ownerOf(Context<MeshInstallation> context, MeshInstallation mesh) {
        return context.getPrimaryCache()
                .list()
                .min(
                        Comparator.comparing((MeshInstallation m) ->
                                        m.getMetadata().getCreationTimestamp())
                                .thenComparing(m -> m.getMetadata().getName()))
                .orElse(mesh)
                .getMetadata()
                .getName();
    }

    private TreeMap<String, RevisionSeen> revisions(Owned owned) {
        var pods = list(ownPods).toList();
        var revisions = new TreeMap<String, RevisionSeen>();
        for (var object : owned.ofKind("MeshRevision")) {
            var revision = (MeshRevision) object;
            var name = revision.getMetadata().getName();
            var deployment =
                    (Deployment)
                            owned.get(
                                    "Deployment "
                                            + Names.NAMESPACE
                                            + "/"
                                            + Names.controlPlane(name));
            var own =
                    pods.stream()
                            .filter(p -> hasLabel(p, Labels.REVISION, name))
                            .filter(p -> hasLabel(p, Labels.COMPONENT, "control-plane"))
                            .toList();
            revisions.put(name, revision(revision, deployment, own));
        }
        return revisions;
    }

    private static RevisionSeen revision(
            MeshRevision revision, @Nullable Deployment deployment, List<Pod> pods) {
        var live =
                pods.stream()
                        .filter(p ->
                                MeshedPod.isReady(p)
                                        && p.getMetadata().getDeletionTimestamp() == null)
                        .map(p -> p.getMetadata().getName())
                        .collect(Collectors.toSet());
        var replicas =
                revision.getStatus() == null ? List.<Replica>of() : revision.getStatus().replicas();
        var there = pods.stream().map(p -> p.getMetadata().getName()).collect(Collectors.toSet());
        return new RevisionSeen(
                revision.getMetadata().getName(),
                revision.getSpec(),
                revision.getMetadata().getGeneration(),
                deployment == null
                        ? ""
                        : deployment
                                .getSpec()
                                .getTemplate()
                                .getSpec()
                                .getContainers()
                                .getFirst()
                                .getImage(),
                deployment != null && available(deployment) > 0,
                deployment != null && isAvailable(deployment),
                pods.isEmpty(),
                live,
                replicas,
                replicas.stream().map(Replica::name).filter(r -> !there.contains(r)).toList());
    }

    private static int available(Deployment deployment) {
        var status = deployment.getStatus();
        return status == null || status.getAvailableReplicas() == null
                ? 0
                : status.getAvailableReplicas();
    }

    private static boolean isAvailable(Deployment deployment) {
        var status = deployment.getStatus();
        return status != null
                && status.getObservedGeneration() != null
                && status.getObservedGeneration() >= deployment.getMetadata().getGeneration()
                && status.getUpdatedReplicas() != null
                && status.getUpdatedReplicas() >= deployment.getSpec().getReplicas()
                && available(deployment) >= deployment.getSpec().getReplicas();
    }

    private static ProofSeen proof(Pod pod) {
        var phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
        var outcome =
                switch (String.valueOf(phase).toLowerCase(Locale.ROOT)) {
                    case "succeeded" -> ProofSeen.Outcome.Proved;
                    case "failed" -> ProofSeen.Outcome.Failed;
                    default ->
                            cannotStart(pod) ? ProofSeen.Outcome.Failed : ProofSeen.Outcome.Running;
                };
        return new ProofSeen(
                pod.getMetadata().getName(),
                String.valueOf(pod.getSpec().getNodeName()),
                pod.getSpec().getContainers().getFirst().getImage(),
                outcome,
                Instant.parse(pod.getMetadata().getCreationTimestamp()),
                message(pod));
    }

    /// The kubelet has a complaint, such as `ErrImagePull`. It goes on trying, and may yet succeed.
    private static boolean cannotStart(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getContainerStatuses().stream()
                        .map(status -> status.getState().getWaiting())
                        .anyMatch(waiting ->
                                waiting != null && !STARTING.contains(waiting.getReason()));
    }

    private static String message(Pod pod) {
        if (pod.getStatus() == null) {
            return "";
        }
        for (var status : pod.getStatus().getContainerStatuses()) {
            var waiting = status.getState().getWaiting();
            if (waiting != null && waiting.getMessage() != null) {
                return waiting.getReason() + ": " + waiting.getMessage();
            }
            var ended = status.getState().getTerminated();
            if (ended != null && ended.getExitCode() != 0) {
                return "exit code " + ended.getExitCode();
            }
        }
        return pod.getStatus().getMessage() == null ? "" : pod.getStatus().getMessage();
    }

    private static boolean tellsSomething(Pod now, Pod before) {
        return !java.util.Objects.equals(MeshedPod.of(now), MeshedPod.of(before));
    }

    private static boolean hasLabel(HasMetadata object, String label, String value) {
        var labels = object.getMetadata().getLabels();
        return labels != null && value.equals(labels.get(label));
    }

    private static <T extends HasMetadata> Stream<T> list(
            InformerEventSource<T, MeshInstallation> source) {
        return source.list(object -> true);
    }

    private static <T extends HasMetadata> InformerEventSource<T, MeshInstallation> cluster(
            Class<T> type, EventSourceContext<MeshInstallation> context) {
        return new InformerEventSource<>(
                builder(type, type.getSimpleName(), context)
                        .withWatchAllNamespaces()
                        .withLabelSelector(OURS)
                        .build(),
                context);
    }

    private static <T extends HasMetadata> InformerEventSource<T, MeshInstallation> own(
            Class<T> type, EventSourceContext<MeshInstallation> context) {
        return new InformerEventSource<>(
                builder(type, type.getSimpleName(), context)
                        .withNamespaces(Set.of(Names.NAMESPACE))
                        .withLabelSelector(OURS)
                        .build(),
                context);
    }

    private static <T extends HasMetadata> InformerEventSourceConfiguration.Builder<T> builder(
            Class<T> type, String name, EventSourceContext<MeshInstallation> context) {
        return InformerEventSourceConfiguration.from(type, MeshInstallation.class)
                .withName(name)
                .withSecondaryToPrimaryMapper(object -> everyInstallation(context))
                // Lists are read from the sources: no index by owner is kept.
                .withPrimaryToSecondaryMapper((MeshInstallation mesh) -> Set.of());
    }

    private static Set<ResourceID> everyInstallation(EventSourceContext<MeshInstallation> context) {
        var ids = new HashSet<ResourceID>();
        context.getPrimaryCache().list().forEach(m -> ids.add(ResourceID.fromResource(m)));
        return ids;
    }
}
