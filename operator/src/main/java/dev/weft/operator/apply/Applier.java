package dev.weft.operator.apply;

import dev.weft.api.Annotations;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshRevision;
import dev.weft.api.MeshRevisionStatus;
import dev.weft.api.Names;
import dev.weft.operator.desired.Desired;
import dev.weft.operator.desired.ProofPod;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.Owned;
import dev.weft.operator.plan.Plan;
import dev.weft.operator.plan.PodChange;
import dev.weft.operator.trust.Root;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Carries a plan out. Everything here may be done twice: each write says how things shall be, none
/// how they shall change.
public final class Applier {
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;

    private final KubernetesClient client;
    private final Fingerprint fingerprint;
    private final Ledger ledger = new Ledger();
    private final Cleanup cleanup;

    public Applier(KubernetesClient client) {
        this.client = client;
        this.fingerprint = new Fingerprint(client.getKubernetesSerialization());
        this.cleanup = new Cleanup(client, ledger);
    }

    /// @param owned what is there of the operator's own objects
    /// @param root which a mesh that runs needs
    public Outcome apply(
            Plan plan, MeshInstallation mesh, Observed seen, Owned owned, @Nullable Root root) {
        return switch (plan) {
            case Plan.Leave leave -> Outcome.nothing();
            case Plan.Run run ->
                    run(run, mesh, seen, owned, Objects.requireNonNull(root, "a root"));
            case Plan.Remove remove ->
                    remove.ours() ? cleanup.everything(seen, owned) : Outcome.nothing();
        };
    }

    private Outcome run(
            Plan.Run run, MeshInstallation mesh, Observed seen, Owned owned, Root root) {
        var desired = new Desired(mesh, root.certificatePem());
        var work = new Work(seen.now());
        if (run.injecting().isEmpty()) {
            work.attempt(
                    "Injector",
                    () -> cleanup.injector(owned)); // first of all: new pods must not be held up
        }
        for (var object : desired.of(run)) {
            ensure(object, owned, work);
        }
        if (!work.failures.isEmpty()) {
            return work.outcome(
                    false); // pods are changed only under the policies and marks that the plan
            // counts on
        }
        for (var change : run.pods()) {
            work.attempt("Pod " + change.pod().display(), () -> change(change));
        }
        for (var proof : run.proofs()) {
            var pod = ProofPod.of(desired, proof);
            work.attempt(Key.of(pod), () -> createOnce(pod));
        }
        for (var name : run.dropProofs()) {
            work.attempt(
                    "Pod " + name,
                    () ->
                            client.pods()
                                    .inNamespace(Names.NAMESPACE)
                                    .withName(name)
                                    .withGracePeriod(0)
                                    .delete());
        }
        for (var revision : seen.revisions().values()) {
            for (var replica : revision.departed()) {
                work.attempt(
                        "MeshRevision " + revision.name(), () -> forget(revision.name(), replica));
            }
        }
        var done = true;
        for (var revision : run.retire()) {
            done &= cleanup.revision(revision, seen, owned, work);
        }
        return work.outcome(done);
    }

    private void ensure(HasMetadata object, Owned owned, Work work) {
        var key = Key.of(object);
        var live = owned.get(key);
        var wanted = fingerprint.of(object);
        var verdict =
                ledger.judge(key, wanted, live == null ? null : fingerprint.of(live), work.now);
        switch (verdict) {
            case KEEP -> {}
            case CONTESTED -> work.contested.add(key);
            case APPLY ->
                    work.attempt(
                            key,
                            () ->
                                    ledger.applied(
                                            key, wanted, fingerprint.of(serverSideApply(object))));
            case REPAIR -> work.attempt(key, () -> repair(object, key, wanted, work));
        }
    }

    /// The cache says that the object is not as it was left; the cache may be old, or somebody may
    /// have added what is none of the operator's business.
    private void repair(HasMetadata object, String key, String wanted, Work work) {
        var there = client.resource(object).get();
        var before = there == null ? "" : fingerprint.of(there);
        var after = fingerprint.of(serverSideApply(object));
        ledger.applied(key, wanted, after);
        if (!before.equals(after)) {
            ledger.repaired(key, work.now);
            work.repaired.add(key);
        }
    }

    private HasMetadata serverSideApply(HasMetadata object) {
        return client.resource(object)
                .fieldManager(Desired.MANAGER)
                .forceConflicts()
                .serverSideApply();
    }

    /// Says nothing any more in the name of a replica that is gone, which takes its entry away.
    private void forget(String revision, String replica) {
        var nothing = new MeshRevision();
        nothing.setMetadata(new ObjectMetaBuilder().withName(revision).build());
        nothing.setStatus(new MeshRevisionStatus(List.of()));
        client.resource(nothing)
                .subresource("status")
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager(replica)
                                .withForce(true)
                                .build());
    }

    private void createOnce(HasMetadata object) {
        try {
            client.resource(object).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT) {
                throw e;
            }
        }
    }

    private void change(PodChange change) {
        var pod = change.pod();
        Map<String, Object> patch =
                switch (change) {
                    case PodChange.Move(var p, var revision) ->
                            Map.of(
                                    "metadata",
                                    metadata(p.uid(), Map.of(Annotations.REVISION, revision)));
                    case PodChange.Replace(var p, var image) -> replace(p, image);
                };
        try {
            client.pods()
                    .inNamespace(pod.namespace())
                    .withName(pod.name())
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.STRATEGIC_MERGE)
                                    .withFieldManager(Desired.MANAGER)
                                    .build(),
                            client.getKubernetesSerialization().asJson(patch));
        } catch (KubernetesClientException e) {
            if (e.getCode() != NOT_FOUND && e.getCode() != CONFLICT) {
                throw e; // gone, or another pod of the same name by now: the next look will tell
            }
        }
    }

    private static Map<String, Object> replace(MeshedPod pod, String image) {
        var spare = pod.spare();
        var annotations =
                Map.of(
                        Annotations.SLOT,
                        spare.slot(),
                        Annotations.REPLACING,
                        spare.image().equals(image) ? "" : spare.container());
        var container = Map.of("name", Names.proxyContainer(spare.slot()), "image", image);
        return Map.of(
                "metadata",
                metadata(pod.uid(), annotations),
                "spec",
                Map.of("initContainers", List.of(container)));
    }

    /// The uid makes the API server refuse the patch when another pod has taken the name.
    private static Map<String, Object> metadata(String uid, Map<String, String> annotations) {
        return Map.of("uid", uid, "annotations", annotations);
    }

    /// Collects what comes out, one failure not keeping the rest from being done.
    static final class Work {
        final Instant now;
        final List<String> failures = new ArrayList<>();
        final List<String> repaired = new ArrayList<>();
        final List<String> contested = new ArrayList<>();

        Work(Instant now) {
            this.now = now;
        }

        void attempt(String what, Runnable write) {
            try {
                write.run();
            } catch (KubernetesClientException e) {
                var status = e.getStatus();
                var why =
                        status != null && status.getMessage() != null
                                ? status.getMessage()
                                : String.valueOf(e.getMessage());
                failures.add(what + ": " + why);
            }
        }

        Outcome outcome(boolean done) {
            return new Outcome(failures, repaired, contested, done && failures.isEmpty());
        }
    }
}
