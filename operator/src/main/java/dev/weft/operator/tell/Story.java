package dev.weft.operator.tell;

import dev.weft.api.ConditionType;
import dev.weft.api.GoDuration;
import dev.weft.api.MeshInstallationStatus;
import dev.weft.api.MeshInstallationStatus.Certificates;
import dev.weft.api.MeshInstallationStatus.Proxies;
import dev.weft.api.MeshInstallationStatus.Revision;
import dev.weft.api.MeshInstallationStatus.Upgrade;
import dev.weft.api.MeshInstallationStatus.UpgradePhase;
import dev.weft.api.Names;
import dev.weft.api.Reason;
import dev.weft.operator.apply.Outcome;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Standing;
import dev.weft.operator.plan.Standing.AlreadyInstalled;
import dev.weft.operator.plan.Standing.Configuring;
import dev.weft.operator.plan.Standing.Detaching;
import dev.weft.operator.plan.Standing.GivenUp;
import dev.weft.operator.plan.Standing.Installing;
import dev.weft.operator.plan.Standing.Moving;
import dev.weft.operator.plan.Standing.Patching;
import dev.weft.operator.plan.Standing.Removing;
import dev.weft.operator.plan.Standing.Retiring;
import dev.weft.operator.plan.Standing.Starting;
import dev.weft.operator.plan.Standing.Steady;
import dev.weft.operator.plan.Standing.UnknownVersion;
import dev.weft.operator.plan.Standing.Upgrading;
import dev.weft.operator.plan.Standing.WaitingForWorkloads;
import dev.weft.operator.trust.Root;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes status out of what was observed, where the mesh stands, and what came out. Pure.
public final class Story {
    private static final int NAMES_SHOWN = 3;

    private final Observed seen;
    private final Standing standing;
    private final Outcome outcome;
    private final @Nullable Root root;
    private final @Nullable MeshInstallationStatus before;
    private final String inForce;
    private final @Nullable Upgrade upgrade;

    private Story(Observed seen, Standing standing, Outcome outcome, @Nullable Root root) {
        this.seen = seen;
        this.standing = standing;
        this.outcome = outcome;
        this.root = root;
        this.before = seen.status();
        this.inForce = inForce();
        this.upgrade = upgrade();
    }

    /// @param root the mesh's root, once there is one
    public static MeshInstallationStatus of(
            Observed seen, Standing standing, Outcome outcome, @Nullable Root root) {
        return new Story(seen, standing, outcome, root).status();
    }

    private MeshInstallationStatus status() {
        return new MeshInstallationStatus(
                seen.generation(),
                inForce.isEmpty() ? null : inForce,
                List.of(ready(), progressing(), degraded()),
                standing instanceof AlreadyInstalled ? List.of() : revisions(),
                standing instanceof AlreadyInstalled ? null : proxies(),
                upgrade,
                root == null ? null : new Certificates(root.notAfter().toString()));
    }

    private String inForce() {
        var version =
                switch (standing) {
                    case AlreadyInstalled a -> "";
                    case UnknownVersion u -> u.inForce();
                    case Installing i -> "";
                    case Configuring c -> c.version();
                    case Steady s -> s.version();
                    case Upgrading u -> u.from();
                    case WaitingForWorkloads w -> "";
                    case Detaching d -> "";
                    case Removing r -> "";
                };
        if (version.isEmpty() && before != null && before.version() != null) {
            return before.version();
        }
        return version;
    }

    // --- conditions

    private Condition ready() {
        var serving = seen.injecting();
        if (standing instanceof AlreadyInstalled(var owner)) {
            return no(ConditionType.Ready, Reason.AlreadyInstalled, alreadyInstalled(owner));
        }
        if (standing instanceof UnknownVersion u && u.inForce().isEmpty()) {
            return no(ConditionType.Ready, Reason.UnknownVersion, unknownVersion(u));
        }
        if (standing instanceof Removing) {
            return no(ConditionType.Ready, Reason.Removing, "The mesh is being removed.");
        }
        if (standing instanceof Detaching d) {
            return no(ConditionType.Ready, Reason.Detaching, detaching(d));
        }
        if (serving == null || (!serving.serving() && standing instanceof Installing)) {
            return no(
                    ConditionType.Ready,
                    Reason.Installing,
                    "The control plane of " + seen.spec().version() + " is starting.");
        }
        if (!serving.serving()) {
            return no(ConditionType.Ready, Reason.ControlPlaneUnavailable, unavailable(serving));
        }
        return yes(
                ConditionType.Ready,
                Reason.AsSpecified,
                "%s serves %s.".formatted(inForce, count(seen.staying().size(), "meshed pod")));
    }

    private Condition progressing() {
        var type = ConditionType.Progressing;
        return switch (standing) {
            case AlreadyInstalled a -> no(type, Reason.AlreadyInstalled, "This one does nothing.");
            case UnknownVersion u ->
                    no(type, Reason.UnknownVersion, "Waiting for another spec.version.");
            case Installing i ->
                    yes(
                            type,
                            Reason.Installing,
                            "The control plane of " + i.version() + " is starting.");
            case Configuring c ->
                    yes(
                            type,
                            Reason.Configuring,
                            "%d of %s have taken over what spec says."
                                    .formatted(c.synced(), count(c.proxies(), "proxy")));
            case Steady s -> no(type, Reason.AsSpecified, "Nothing is left to do.");
            case Starting s -> yes(type, Reason.UpgradeStarting, message(s));
            case GivenUp g -> no(type, Reason.UpgradeGivenUp, "Waiting for another spec.");
            case Moving m -> yes(type, Reason.UpgradeMoving, message(m));
            case Patching p -> yes(type, Reason.UpgradePatching, message(p));
            case Retiring r -> yes(type, Reason.UpgradeRetiring, message(r));
            case WaitingForWorkloads w -> yes(type, Reason.WaitingForWorkloads, waiting(w));
            case Detaching d -> yes(type, Reason.Detaching, detaching(d));
            case Removing r ->
                    yes(type, Reason.Removing, "What the operator made is being removed.");
        };
    }

    private Condition degraded() {
        var wrongs = new ArrayList<Wrong>();
        switch (standing) {
            case AlreadyInstalled(var owner) ->
                    wrongs.add(new Wrong(Reason.AlreadyInstalled, alreadyInstalled(owner)));
            case UnknownVersion u ->
                    wrongs.add(new Wrong(Reason.UnknownVersion, unknownVersion(u)));
            case GivenUp g -> wrongs.add(new Wrong(Reason.UpgradeGivenUp, message(g)));
            case WaitingForWorkloads w ->
                    wrongs.add(new Wrong(Reason.WaitingForWorkloads, waiting(w)));
            case Patching p -> {
                if (!p.failed().isEmpty()) {
                    var proof = p.failed().getFirst();
                    wrongs.add(
                            new Wrong(
                                    Reason.ImageNotProved,
                                    "%s could not be started on node %s (%s); the proxies there stay as they are. It is tried again every few minutes: make the image available there."
                                            .formatted(
                                                    proof.image(),
                                                    proof.node(),
                                                    proof.message().isEmpty()
                                                            ? "no word from the kubelet"
                                                            : proof.message())));
                }
                contract(p.kept(), wrongs);
            }
            case Configuring c -> contract(c.kept(), wrongs);
            case Steady s -> contract(s.kept(), wrongs);
            case Installing i -> {
                if (unreadyForLong()) {
                    wrongs.add(
                            new Wrong(
                                    Reason.ControlPlaneUnavailable,
                                    "The control plane of %s is not available after %s. See: kubectl -n weft-system describe pods -l weft.dev/revision=%s"
                                            .formatted(
                                                    i.version(),
                                                    seen.spec().upgrade().progressDeadline(),
                                                    Names.revision(i.version()))));
                }
            }
            case Starting s -> {}
            case Moving m -> {}
            case Retiring r -> {}
            case Detaching d -> {}
            case Removing r -> {}
        }
        if (stalled()) {
            wrongs.add(
                    new Wrong(
                            Reason.UpgradeStalled,
                            "No progress for longer than spec.upgrade.progressDeadline (%s): %s"
                                    .formatted(
                                            seen.spec().upgrade().progressDeadline(),
                                            upgrade == null ? "" : upgrade.message())));
        }
        if ((standing instanceof Steady || standing instanceof Configuring)
                && seen.injecting() instanceof RevisionSeen revision
                && !revision.available()) {
            wrongs.add(new Wrong(Reason.ControlPlaneUnavailable, unavailable(revision)));
        }
        if (!outcome.failures().isEmpty()) {
            wrongs.add(
                    new Wrong(
                            Reason.ApplyFailed,
                            "The API server refused "
                                    + some(outcome.failures())
                                    + ". It is tried again."));
        }
        if (!outcome.contested().isEmpty()) {
            wrongs.add(
                    new Wrong(
                            Reason.DriftContested,
                            some(outcome.contested())
                                    + " is changed by somebody else again and again; it was put back "
                                    + "several times and is left alone for some minutes. Find who writes it: kubectl get ... --show-managed-fields."));
        }
        if (wrongs.isEmpty()) {
            return no(ConditionType.Degraded, Reason.AsSpecified, drift());
        }
        return yes(
                ConditionType.Degraded,
                wrongs.getFirst().reason(),
                String.join(" ", wrongs.stream().map(Wrong::message).toList()));
    }

    private boolean unreadyForLong() {
        var ready = before == null ? null : before.condition(ConditionType.Ready);
        return ready != null
                && "False".equals(ready.getStatus())
                && longAgo(ready.getLastTransitionTime());
    }

    private boolean longAgo(@Nullable String time) {
        return time != null
                && Duration.between(Instant.parse(time), seen.now())
                                .compareTo(
                                        GoDuration.parse(seen.spec().upgrade().progressDeadline()))
                        > 0;
    }

    private record Wrong(Reason reason, String message) {}

    private String drift() {
        if (!outcome.repaired().isEmpty()) {
            return "Put back after somebody had changed it: %s (%s)."
                    .formatted(
                            some(outcome.repaired()), seen.now().truncatedTo(ChronoUnit.SECONDS));
        }
        var old = before == null ? null : before.condition(ConditionType.Degraded);
        return old != null && old.getMessage() != null && old.getMessage().startsWith("Put back")
                ? old.getMessage()
                : "Nothing is wrong.";
    }

    private static void contract(List<MeshedPod> kept, List<Wrong> wrongs) {
        if (!kept.isEmpty()) {
            wrongs.add(
                    new Wrong(
                            Reason.InjectionContract,
                            "%s (%s) keep their proxy, since the new one needs another injection contract than they were born with. Restart them: kubectl rollout restart."
                                    .formatted(count(kept.size(), "pod"), names(kept))));
        }
    }

    private static String alreadyInstalled(String owner) {
        return "MeshInstallation %s is older and owns this cluster's mesh: change that one, and delete this one."
                .formatted(owner);
    }

    private String unknownVersion(UnknownVersion u) {
        var text =
                "spec.version is %s, which this operator does not know: it knows %s. "
                        .formatted(u.version(), seen.catalogue().known());
        text +=
                u.inForce().isEmpty()
                        ? "Nothing is installed. "
                        : "%s goes on as it is. ".formatted(u.inForce());
        text +=
                "Set spec.version to one of these, or upgrade the operator, or add it to ConfigMap weft-versions.";
        return seen.catalogue().faults().isEmpty()
                ? text
                : text + " " + String.join(". ", seen.catalogue().faults()) + ".";
    }

    private static String unavailable(RevisionSeen revision) {
        return "The control plane of %s is not available; proxies go on with what they have. See: kubectl -n weft-system get pods -l weft.dev/revision=%s"
                .formatted(revision.spec().version(), revision.name());
    }

    private static String waiting(WaitingForWorkloads w) {
        return "Deletion waits for %s: %s. Take label weft.dev/inject away and restart them, or set spec.deletionPolicy to Detach."
                .formatted(count(w.pods().size(), "meshed pod"), names(w.pods()));
    }

    private static String detaching(Detaching d) {
        return "%d of %s pass on in mode %s; the next stage begins when all do."
                .formatted(d.synced(), count(d.proxies(), "proxy"), d.mode());
    }

    // --- upgrade

    private String message(Upgrading upgrading) {
        return switch (upgrading) {
            case Starting s ->
                    "The control plane of %s starts beside %s; it is given up if it is not available by %s."
                            .formatted(
                                    s.to(),
                                    s.from(),
                                    s.since().plus(s.deadline()).truncatedTo(ChronoUnit.SECONDS));
            case GivenUp g ->
                    "The control plane of %s was not available within %s, so the upgrade was given up; all proxies run on with %s. Set spec.version to %s, or to a version that starts, or raise spec.upgrade.progressDeadline."
                            .formatted(
                                    g.to(),
                                    seen.spec().upgrade().progressDeadline(),
                                    g.from(),
                                    g.from());
            case Moving m ->
                    "Step %d (%d %%): %d of %s moved to the control plane of %s%s."
                            .formatted(
                                    m.step(),
                                    m.percent(),
                                    m.moved(),
                                    count(m.total(), "pod"),
                                    m.to(),
                                    m.unseen().isEmpty()
                                            ? ""
                                            : "; waiting to see there: " + names(m.unseen()));
            case Patching p ->
                    "%d of %s run the proxy of %s%s."
                            .formatted(
                                    p.patched(),
                                    count(p.total(), "pod"),
                                    p.to(),
                                    p.waiting().isEmpty() ? "" : "; waiting for " + p.waiting());
            case Retiring r -> "The control plane of %s is being removed.".formatted(r.from());
        };
    }

    private @Nullable Upgrade upgrade() {
        var old = before == null ? null : before.upgrade();
        if (!(standing instanceof Upgrading now)) {
            return standing instanceof Steady steady ? ended(old, steady) : old;
        }
        var phase =
                switch (now) {
                    case Starting s -> UpgradePhase.Starting;
                    case Moving m -> UpgradePhase.Moving;
                    case Patching p -> UpgradePhase.Patching;
                    case Retiring r -> UpgradePhase.Retiring;
                    case GivenUp g -> UpgradePhase.GivenUp;
                };
        var same =
                old != null
                        && old.to().equals(now.to())
                        && old.phase() != UpgradePhase.Done
                        && old.generation() != null
                        && (old.generation() == seen.generation()
                                || old.phase() != UpgradePhase.GivenUp);
        var startedAt =
                same && old != null && old.startedAt() != null ? old.startedAt() : text(seen.now());
        var step = now instanceof Moving m ? Integer.valueOf(m.step()) : null;
        var percent = now instanceof Moving m ? Integer.valueOf(m.percent()) : null;
        var total = seen.staying().size();
        var moved = moved(now.to());
        var patched = now instanceof Patching p ? p.patched() : patched(now);
        var came =
                !same
                        || old == null
                        || old.phase() != phase
                        || !java.util.Objects.equals(old.step(), step)
                        || !java.util.Objects.equals(old.moved(), moved)
                        || !java.util.Objects.equals(old.patched(), patched);
        var progressAt =
                came || old == null || old.progressAt() == null
                        ? text(seen.now())
                        : old.progressAt();
        return new Upgrade(
                now.from(),
                now.to(),
                phase,
                step,
                percent,
                moved,
                patched,
                total,
                message(now),
                seen.generation(),
                startedAt,
                progressAt,
                now instanceof GivenUp
                        ? (came ? text(seen.now()) : old == null ? null : old.endedAt())
                        : null);
    }

    private @Nullable Upgrade ended(@Nullable Upgrade old, Steady steady) {
        if (old == null || old.phase() == UpgradePhase.Done || !old.to().equals(steady.version())) {
            return old == null || old.phase() == UpgradePhase.Done ? old : null;
        }
        var total = seen.staying().size();
        return new Upgrade(
                old.from(),
                old.to(),
                UpgradePhase.Done,
                null,
                null,
                total,
                total - steady.kept().size(),
                total,
                "The mesh runs %s.".formatted(steady.version()),
                seen.generation(),
                old.startedAt(),
                text(seen.now()),
                text(seen.now()));
    }

    private boolean stalled() {
        return upgrade != null
                && (standing instanceof Moving
                        || standing instanceof Patching
                        || standing instanceof Retiring)
                && longAgo(upgrade.progressAt());
    }

    private int moved(String to) {
        var revision = Names.revision(to);
        return (int) seen.staying().stream().filter(p -> p.revision().equals(revision)).count();
    }

    private int patched(Upgrading now) {
        return upToDate(now.to());
    }

    // --- counts

    private List<Revision> revisions() {
        return seen.revisions().values().stream()
                .map(r -> new Revision(r.name(), r.spec().version(), r.proxies(), r.available()))
                .toList();
    }

    private Proxies proxies() {
        var version =
                standing instanceof GivenUp || standing instanceof UnknownVersion
                        ? inForce
                        : seen.spec().version();
        return new Proxies(seen.staying().size(), upToDate(version));
    }

    private int upToDate(String version) {
        var images = seen.catalogue().images(version);
        var revision = seen.revisions().get(Names.revision(version));
        var image =
                images != null
                        ? images.proxy()
                        : revision != null ? revision.spec().proxyImage() : "";
        return (int)
                seen.staying().stream()
                        .filter(p -> p.proxyImage().equals(image))
                        .filter(p ->
                                !p.proxyContainer().equals(p.replacing())
                                        || p.replacing().isEmpty())
                        .count();
    }

    // --- words

    private Condition yes(ConditionType type, Reason reason, String message) {
        return condition(type, "True", reason, message);
    }

    private Condition no(ConditionType type, Reason reason, String message) {
        return condition(type, "False", reason, message);
    }

    private Condition condition(ConditionType type, String status, Reason reason, String message) {
        var old = before == null ? null : before.condition(type);
        var since =
                old != null && status.equals(old.getStatus()) && old.getLastTransitionTime() != null
                        ? old.getLastTransitionTime()
                        : text(seen.now());
        return new ConditionBuilder()
                .withType(type.name())
                .withStatus(status)
                .withReason(reason.name())
                .withMessage(message)
                .withObservedGeneration(seen.generation())
                .withLastTransitionTime(since)
                .build();
    }

    private static String text(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String names(List<MeshedPod> pods) {
        return some(pods.stream().map(MeshedPod::display).sorted().toList());
    }

    private static String some(List<String> all) {
        var shown = String.join(", ", all.subList(0, Math.min(NAMES_SHOWN, all.size())));
        return all.size() > NAMES_SHOWN
                ? shown + " and " + (all.size() - NAMES_SHOWN) + " more"
                : shown;
    }

    private static String count(int number, String noun) {
        var plural = noun.endsWith("y") ? noun.substring(0, noun.length() - 1) + "ies" : noun + "s";
        return number + " " + (number == 1 ? noun : plural);
    }
}
