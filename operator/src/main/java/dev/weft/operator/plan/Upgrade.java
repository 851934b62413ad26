package dev.weft.operator.plan;

import dev.weft.api.ConditionType;
import dev.weft.api.GoDuration;
import dev.weft.api.MeshInstallationStatus.UpgradePhase;
import dev.weft.api.MeshRevisionSpec.WorkedPod;
import dev.weft.api.Names;
import dev.weft.api.Reason;
import dev.weft.api.RevisionMode;
import dev.weft.operator.observe.Images;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Plan.Run;
import dev.weft.operator.plan.Standing.Configuring;
import dev.weft.operator.plan.Standing.GivenUp;
import dev.weft.operator.plan.Standing.Installing;
import dev.weft.operator.plan.Standing.Moving;
import dev.weft.operator.plan.Standing.Retiring;
import dev.weft.operator.plan.Standing.Starting;
import dev.weft.operator.plan.Standing.Steady;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Moves a mesh to the wanted version, from whatever is there: one old revision, several, or none
/// but the wanted one.
///
/// ```
/// Starting → Moving (step by step) → image proved → new pods go to the new revision → Patching (pod by pod) → Retiring → Configuring → Steady
///     └→ GivenUp (not available within the deadline, and no pod has moved)
/// ```
final class Upgrade {
    /// So many pods of a step are watched one by one; beyond that a step trusts the replicas'
    /// counts.
    static final int WATCHED_LIMIT = 200;

    private final Observed seen;
    private final Images images;
    private final String version;
    private final String target;
    private final @Nullable RevisionSeen there;
    private final List<RevisionSeen> others;
    private final List<MeshedPod> staying;
    private final List<MeshedPod> moved;

    Upgrade(Observed seen, Images images) {
        this.seen = seen;
        this.images = images;
        this.version = seen.spec().version();
        this.target = Names.revision(version);
        this.there = seen.revisions().get(target);
        this.others =
                seen.revisions().values().stream().filter(r -> !r.name().equals(target)).toList();
        this.staying = seen.staying();
        this.moved = staying.stream().filter(p -> p.revision().equals(target)).toList();
    }

    Plan plan() {
        if (there == null) {
            return start();
        }
        if (!there.available() && moved.isEmpty() && !there.spec().injecting()) {
            return expired() ? giveUp() : start();
        }
        if (moved.size() < staying.size()) {
            return move(there);
        }
        if (!there.spec().injecting() && !unseen(there).isEmpty()) {
            return waitForLastStep(there);
        }
        return afterMoving(there);
    }

    private Plan start() {
        return run(false, List.of(), new Starting(from(), version, startedAt(), deadline()));
    }

    private Plan giveUp() {
        // Said first, done next: the next plan reads it in status and removes the revision.
        return run(false, List.of(), new GivenUp(from(), version, deadline()));
    }

    private Plan move(RevisionSeen there) {
        var unseen = unseen(there);
        if (there.spec().injecting()) {
            // Started by the old webhook at the last moment, or left by a revision that is gone.
            return moving(there, staying.size(), unseen);
        }
        var step = lastStepBegun();
        if (!unseen.isEmpty()) {
            return moving(there, moved.size(), unseen);
        }
        return moving(there, quota(seen.spec().upgrade().steps().get(step).percent()), unseen);
    }

    private Plan waitForLastStep(RevisionSeen there) {
        return moving(there, staying.size(), unseen(there));
    }

    /// Moves pods until so many are with the new revision.
    private Plan moving(RevisionSeen there, int wanted, List<MeshedPod> unseen) {
        var changes = new ArrayList<PodChange>();
        var nowMoved = new ArrayList<>(moved);
        for (var pod : staying) {
            if (nowMoved.size() >= wanted) {
                break;
            }
            if (!pod.revision().equals(target)) {
                changes.add(new PodChange.Move(pod, target));
                nowMoved.add(pod);
            }
        }
        var steps = seen.spec().upgrade().steps();
        var step = stepOf(nowMoved.size());
        var standing =
                new Moving(
                        from(),
                        version,
                        step + 1,
                        steps.get(step).percent(),
                        nowMoved.size(),
                        staying.size(),
                        changes.isEmpty() ? unseen : nowMoved);
        var run = run(there.spec().injecting(), marks(there, nowMoved), standing);
        return new Run(
                run.revisions(),
                run.injecting(),
                List.of(),
                changes,
                List.of(),
                List.of(),
                standing);
    }

    private Plan afterMoving(RevisionSeen there) {
        var patching = new Patch(seen, images, there, staying, from());
        if (patching.needed()) {
            return patching.plan(this);
        }
        var drop = seen.proofs().stream().map(p -> p.name()).toList();
        if (!others.isEmpty()) {
            var run = run(true, List.of(), new Retiring(from(), version));
            return new Run(
                    run.revisions(),
                    target,
                    others.stream().map(RevisionSeen::name).toList(),
                    List.of(),
                    List.of(),
                    drop,
                    run.standing());
        }
        var run = run(true, List.of(), settled(there, patching.kept()));
        return new Run(
                run.revisions(), target, List.of(), List.of(), List.of(), drop, run.standing());
    }

    private Standing settled(RevisionSeen there, List<MeshedPod> kept) {
        if (firstInstallation(there)) {
            return new Installing(version);
        }
        if (inForce(there)) {
            return new Steady(version, kept);
        }
        var running = seen.runningProxies(there);
        return new Configuring(
                version,
                saysWhatIsWanted(there) ? Math.min(there.synced(), running) : 0,
                running,
                kept);
    }

    /// Once it was told of this generation of `spec` it stays so: proxies that come later, or take
    /// over a new endpoint, are none of `spec`'s business.
    private boolean inForce(RevisionSeen there) {
        var status = seen.status();
        var told = status == null ? null : status.condition(ConditionType.Progressing);
        var before =
                told != null
                        && Reason.AsSpecified.name().equals(told.getReason())
                        && Long.valueOf(seen.generation()).equals(told.getObservedGeneration());
        return before || (saysWhatIsWanted(there) && seen.hasTakenOver(there));
    }

    /// Whether the revision has been told already what `spec` says for proxies.
    private boolean saysWhatIsWanted(RevisionSeen there) {
        var trust = seen.spec().trust();
        return there.spec().mode() == RevisionMode.Mesh
                && there.spec().mtlsMode() == trust.mode()
                && there.spec().trustDomain().equals(trust.domain())
                && there.spec()
                        .workloadCertificateLifetime()
                        .equals(trust.workloadCertificateLifetime());
    }

    private boolean firstInstallation(RevisionSeen there) {
        return !there.available() && (seen.status() == null || seen.status().version() == null);
    }

    /// The wanted revision with these marks, besides all others as they are. When the wanted one
    /// injects the others do not.
    Run run(boolean injecting, List<WorkedPod> pods, Standing standing) {
        var revisions = new ArrayList<WantedRevision>();
        revisions.add(Plan.wanted(seen, version, images, injecting, pods));
        var injector = injecting ? target : "";
        for (var other : others) {
            var kept = Plan.withSpec(seen, other);
            revisions.add(injecting ? notInjecting(kept) : kept);
            if (!injecting && other.spec().injecting()) {
                injector = other.name();
            }
        }
        return Run.of(revisions, injector, standing);
    }

    private static WantedRevision notInjecting(WantedRevision revision) {
        var s = revision.spec();
        return new WantedRevision(
                revision.name(),
                revision.controlPlaneImage(),
                new dev.weft.api.MeshRevisionSpec(
                        s.version(),
                        s.trustDomain(),
                        s.mtlsMode(),
                        s.workloadCertificateLifetime(),
                        s.mode(),
                        s.proxyImage(),
                        s.proxyResources(),
                        false,
                        s.pods()));
    }

    /// Moved pods with a running proxy that the new revision does not serve yet.
    private List<MeshedPod> unseen(RevisionSeen there) {
        var unseen = new ArrayList<MeshedPod>();
        var watched = 0;
        for (var pod : moved) {
            if (watched++ < WATCHED_LIMIT && pod.proxyRunning() && !there.serves(pod)) {
                unseen.add(pod);
            }
        }
        var running = (int) moved.stream().filter(MeshedPod::proxyRunning).count();
        if (unseen.isEmpty() && running > WATCHED_LIMIT && there.proxies() < running) {
            unseen.addAll(moved.subList(WATCHED_LIMIT, moved.size()));
        }
        return unseen;
    }

    /// Marks of a replacement under way outlive a straggler's move.
    private static List<WorkedPod> drained(RevisionSeen there) {
        return there.spec().pods().stream().filter(WorkedPod::drain).toList();
    }

    /// All moved pods, as while they are moving: the revision goes on telling of each.
    List<WorkedPod> watchMoved(RevisionSeen there) {
        return marks(there, moved);
    }

    private List<WorkedPod> marks(RevisionSeen there, List<MeshedPod> watched) {
        var marks = new ArrayList<>(drained(there));
        marks.addAll(watch(watched));
        return marks;
    }

    private List<WorkedPod> watch(List<MeshedPod> pods) {
        var marked =
                there == null
                        ? Set.<String>of()
                        : drained(there).stream().map(WorkedPod::uid).collect(Collectors.toSet());
        return pods.stream()
                .filter(p -> !marked.contains(p.uid()))
                .sorted(MeshedPod.STABLE)
                .limit(WATCHED_LIMIT)
                .map(p -> new WorkedPod(p.namespace(), p.name(), p.uid(), false))
                .toList();
    }

    /// The first step whose share is not reached yet.
    private int lastStepBegun() {
        var steps = seen.spec().upgrade().steps();
        for (var i = 0; i < steps.size(); i++) {
            if (quota(steps.get(i).percent()) > moved.size()) {
                return i;
            }
        }
        return steps.size() - 1;
    }

    /// The first step that so many pods fulfil.
    private int stepOf(int pods) {
        var steps = seen.spec().upgrade().steps();
        for (var i = 0; i < steps.size(); i++) {
            if (quota(steps.get(i).percent()) >= pods) {
                return i;
            }
        }
        return steps.size() - 1;
    }

    private int quota(int percent) {
        return Math.ceilDiv(staying.size() * percent, 100);
    }

    /// The version that people still count on: what status calls in force, as long as it is there.
    private String from() {
        var status = seen.status();
        if (status != null && status.version() != null) {
            for (var other : others) {
                if (other.spec().version().equals(status.version())) {
                    return status.version();
                }
            }
        }
        return others.isEmpty() ? version : others.getFirst().spec().version();
    }

    private Duration deadline() {
        return GoDuration.parse(seen.spec().upgrade().progressDeadline());
    }

    private boolean expired() {
        return seen.now().isAfter(startedAt().plus(deadline()));
    }

    /// When this generation of `spec` began to bring up the new control plane.
    private Instant startedAt() {
        var status = seen.status();
        var upgrade = status == null ? null : status.upgrade();
        if (upgrade != null
                && upgrade.phase() == UpgradePhase.Starting
                && upgrade.to().equals(version)
                && upgrade.generation() != null
                && upgrade.generation() == seen.generation()
                && upgrade.startedAt() != null) {
            return Instant.parse(upgrade.startedAt());
        }
        return seen.now();
    }
}
