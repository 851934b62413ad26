package dev.weft.operator;

import dev.weft.api.DrainState;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.MeshInstallationStatus;
import dev.weft.api.MeshRevisionSpec;
import dev.weft.api.MeshRevisionSpec.WorkedPod;
import dev.weft.api.MeshRevisionStatus.PodState;
import dev.weft.api.MeshRevisionStatus.Replica;
import dev.weft.api.MtlsMode;
import dev.weft.api.Names;
import dev.weft.operator.apply.Outcome;
import dev.weft.operator.observe.Catalogue;
import dev.weft.operator.observe.Images;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.ProofSeen;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Plan;
import dev.weft.operator.plan.PodChange;
import dev.weft.operator.plan.WantedRevision;
import dev.weft.operator.tell.Story;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A cluster that does what plans say, as far as plans can see: revisions come up, proxies follow
/// their annotation, replicas acknowledge drains, containers restart with the image that they were
/// given. Each of these can be held back.
public final class Cluster {
    public MeshInstallationSpec spec;
    public long generation = 1;
    public boolean deleting;
    public String owner = "mesh";
    public @Nullable MeshInstallationStatus status;
    public Instant now = Instant.parse("2026-01-01T00:00:00Z");
    public final TreeMap<String, Images> versions = new TreeMap<>();
    public final TreeMap<String, Rev> revisions = new TreeMap<>();
    public final List<MeshedPod> pods = new ArrayList<>();
    public final Map<String, ProofSeen> proofs = new HashMap<>();
    public final List<PodChange> changes = new ArrayList<>();

    public final Set<String> neverAvailable = new HashSet<>();
    public boolean acknowledging = true;
    public boolean holding;
    public boolean restarting = true;
    public boolean connecting = true;
    public boolean proving = true;
    public boolean syncing = true;

    /// A revision in the cluster.
    public static final class Rev {
        public MeshRevisionSpec spec;
        public long generation = 1;
        public String image;

        Rev(MeshRevisionSpec spec, String image) {
            this.spec = spec;
            this.image = image;
        }
    }

    public Cluster(String version) {
        spec = MeshInstallationSpec.of(version);
        for (var known : List.of("0.1.0", "0.2.0", "0.3.0")) {
            versions.put(known, new Images("cp:" + known, "proxy:" + known, 1));
        }
    }

    /// A cluster in which a version is installed and serves so many pods.
    public static Cluster running(String version, int pods) {
        var cluster = new Cluster(version);
        cluster.settle();
        for (var i = 0; i < pods; i++) {
            cluster.start("app-" + i);
        }
        cluster.settle();
        return cluster;
    }

    /// A new pod, as the webhook of the injecting revision makes it.
    public void start(String name) {
        var injecting =
                revisions.values().stream()
                        .filter(r -> r.spec.injecting())
                        .findFirst()
                        .orElseThrow();
        pods.add(
                new MeshedPod(
                        "shop",
                        name,
                        "uid-" + name,
                        "node-1",
                        Names.revision(injecting.spec.version()),
                        injecting.spec.proxyImage(),
                        1,
                        true,
                        false,
                        true,
                        Instant.EPOCH,
                        Instant.EPOCH,
                        "container-" + name,
                        "",
                        new MeshedPod.Spare(
                                Names.SECOND_SLOT, injecting.spec.proxyImage(), "spare-" + name)));
    }

    public void change(String name, UnaryOperator<MeshedPod> change) {
        pods.replaceAll(pod -> pod.name().equals(name) ? change.apply(pod) : pod);
    }

    public void want(String version) {
        spec =
                new MeshInstallationSpec(
                        version,
                        spec.trust(),
                        spec.controlPlane(),
                        spec.proxy(),
                        spec.upgrade(),
                        spec.deletionPolicy());
        generation++;
    }

    /// Wants strict mutual TLS.
    public void strict() {
        var trust = spec.trust();
        spec =
                new MeshInstallationSpec(
                        spec.version(),
                        new MeshInstallationSpec.Trust(
                                trust.domain(),
                                MtlsMode.Strict,
                                trust.workloadCertificateLifetime()),
                        spec.controlPlane(),
                        spec.proxy(),
                        spec.upgrade(),
                        spec.deletionPolicy());
        generation++;
    }

    public void pass(Duration time) {
        now = now.plus(time);
    }

    /// Plans and carries out until nothing changes any more.
    public Plan settle() {
        for (var i = 0; i < 500; i++) {
            var before = picture();
            var plan = step();
            if (before.equals(picture())) {
                return plan;
            }
        }
        throw new AssertionError("no end after 500 plans: " + status);
    }

    /// Plans until the plan is as said.
    public Plan until(java.util.function.Predicate<Plan> enough) {
        for (var i = 0; i < 500; i++) {
            var plan = step();
            if (enough.test(plan)) {
                return plan;
            }
        }
        throw new AssertionError("not within 500 plans: " + status);
    }

    /// One plan, carried out and told.
    public Plan step() {
        var seen = observed();
        var plan = Plan.of(seen);
        switch (plan) {
            case Plan.Leave leave -> {}
            case Plan.Run run -> apply(run);
            case Plan.Remove remove -> {
                if (remove.ours()) {
                    revisions.clear();
                }
            }
        }
        status = Story.of(seen, plan.standing(), Outcome.nothing(), null);
        now = now.plusMillis(100);
        return plan;
    }

    /// What was told last.
    public MeshInstallationStatus status() {
        return Objects.requireNonNull(status, "nothing was told yet");
    }

    public MeshInstallationStatus.Upgrade upgrade() {
        return Objects.requireNonNull(status().upgrade(), "no upgrade was told");
    }

    public Rev revision(String name) {
        return Objects.requireNonNull(revisions.get(name), name);
    }

    private void apply(Plan.Run run) {
        for (var wanted : run.revisions()) {
            if (!run.retire().contains(wanted.name())) {
                apply(wanted);
            }
        }
        run.retire().forEach(revisions::remove);
        for (var change : run.pods()) {
            changes.add(change);
            change(change.pod().name(), pod -> changed(pod, change));
        }
        for (var proof : run.proofs()) {
            var name = "proof-" + proof.node();
            proofs.put(
                    name,
                    new ProofSeen(
                            name,
                            proof.node(),
                            proof.image(),
                            proving ? ProofSeen.Outcome.Proved : ProofSeen.Outcome.Failed,
                            now,
                            "ErrImagePull: not found"));
        }
        run.dropProofs().forEach(proofs::remove);
        if (restarting) {
            pods.replaceAll(pod ->
                    !pod.replacing().isEmpty() && pod.replacing().equals(pod.proxyContainer())
                            ? with(
                                    pod,
                                    pod.revision(),
                                    pod.proxyImage(),
                                    pod.proxyContainer() + "+",
                                    pod.replacing(),
                                    pod.spare())
                            : pod);
        }
    }

    private void apply(WantedRevision wanted) {
        var there = revisions.get(wanted.name());
        if (there == null) {
            revisions.put(wanted.name(), new Rev(wanted.spec(), wanted.controlPlaneImage()));
        } else if (!there.spec.equals(wanted.spec())) {
            there.spec = wanted.spec();
            there.generation++;
        }
    }

    private static MeshedPod changed(MeshedPod pod, PodChange change) {
        return switch (change) {
            case PodChange.Move(var p, var revision) ->
                    with(
                            pod,
                            revision,
                            pod.proxyImage(),
                            pod.proxyContainer(),
                            pod.replacing(),
                            pod.spare());
            case PodChange.Replace(var p, var image) ->
                    with(
                            pod,
                            pod.revision(),
                            image,
                            p.spare().container(),
                            p.spare().image().equals(image) ? "" : p.spare().container(),
                            new MeshedPod.Spare(
                                    Names.otherSlot(p.spare().slot()),
                                    p.proxyImage(),
                                    p.proxyContainer()));
        };
    }

    private static MeshedPod with(
            MeshedPod pod,
            String revision,
            String image,
            String container,
            String replacing,
            MeshedPod.Spare spare) {
        return new MeshedPod(
                pod.namespace(),
                pod.name(),
                pod.uid(),
                pod.node(),
                revision,
                image,
                pod.contract(),
                pod.ready(),
                pod.terminating(),
                pod.proxyRunning(),
                pod.readySince(),
                pod.proxySince(),
                container,
                replacing,
                spare);
    }

    public Observed observed() {
        var seen = new TreeMap<String, RevisionSeen>();
        revisions.forEach((name, rev) -> {
            var up = !neverAvailable.contains(name);
            seen.put(
                    name,
                    new RevisionSeen(
                            name,
                            rev.spec,
                            rev.generation,
                            rev.image,
                            up,
                            up,
                            false,
                            up ? Set.of("replica") : Set.of(),
                            List.of(replica(name, rev)),
                            List.of()));
        });
        return new Observed(
                "mesh",
                generation,
                deleting,
                owner,
                spec,
                status,
                new Catalogue(versions, List.of()),
                seen,
                pods,
                List.copyOf(proofs.values()),
                now);
    }

    private Replica replica(String name, Rev rev) {
        var mine =
                connecting
                        ? pods.stream()
                                .filter(p -> p.revision().equals(name) && p.proxyRunning())
                                .toList()
                        : List.<MeshedPod>of();
        var states = rev.spec.pods().stream().map(worked -> state(worked, mine)).toList();
        return new Replica(
                "replica",
                rev.generation,
                mine.size(),
                List.of(),
                syncing ? mine.size() : 0,
                0,
                0,
                null,
                states,
                null);
    }

    private PodState state(WorkedPod worked, List<MeshedPod> mine) {
        var pod = mine.stream().filter(p -> p.uid().equals(worked.uid())).findFirst().orElse(null);
        var drain =
                !worked.drain()
                        ? null
                        : acknowledging ? DrainState.Acknowledged : DrainState.Pending;
        return new PodState(
                worked.namespace(),
                worked.name(),
                worked.uid(),
                pod != null,
                pod == null ? null : runs(pod),
                pod != null,
                drain,
                worked.drain() ? holding : null);
    }

    /// What the container that runs says, which is the old image until it has restarted.
    private static String runs(MeshedPod pod) {
        var restarted = !pod.proxyContainer().equals(pod.replacing());
        return restarted ? pod.proxyImage().substring("proxy:".length()) : "old";
    }

    private String picture() {
        var text = new StringBuilder();
        revisions.forEach((name, rev) -> text.append(name).append(rev.spec));
        return text.append(pods)
                .append(proofs)
                .append(status == null ? "" : status.upgrade())
                .append(status == null ? "" : status.conditions())
                .toString();
    }
}
