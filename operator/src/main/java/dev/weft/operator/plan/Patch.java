package dev.weft.operator.plan;

import dev.weft.api.MeshRevisionSpec.WorkedPod;
import dev.weft.operator.observe.Images;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.ProofSeen;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Plan.Run;
import dev.weft.operator.plan.Standing.Patching;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Replaces sidecars in running pods, one pod after the other.
///
/// ```
/// proof → (proved on all nodes: new pods get it) → marked: drain → every replica says drained → other slot's turn,
///     with the image → started, Ready, seen by the control plane → mark gone → next pod
/// ```
final class Patch {
    /// A proof that takes longer has failed.
    static final Duration PROOF_LIMIT = Duration.ofMinutes(2);

    /// A failed proof is tried again after so long.
    static final Duration PROOF_RETRY = Duration.ofMinutes(2);

    private final Observed seen;
    private final Images images;
    private final RevisionSeen there;
    private final List<MeshedPod> staying;
    private final String from;
    private final List<MeshedPod> outdated;
    private final List<MeshedPod> kept;

    Patch(Observed seen, Images images, RevisionSeen there, List<MeshedPod> staying, String from) {
        this.seen = seen;
        this.images = images;
        this.there = there;
        this.staying = staying;
        this.from = from;
        var old = staying.stream().filter(p -> !p.proxyImage().equals(images.proxy())).toList();
        this.outdated = old.stream().filter(p -> p.contract() == images.contract()).toList();
        this.kept = old.stream().filter(p -> p.contract() != images.contract()).toList();
    }

    /// Whether there is anything to replace, or a replacement to end.
    boolean needed() {
        return !outdated.isEmpty() || inWork() != null;
    }

    /// Pods that keep their proxy, since the wanted one needs another injection contract.
    List<MeshedPod> kept() {
        return kept;
    }

    Plan plan(Upgrade upgrade) {
        return !there.spec().injecting() && !unprovedNodes().isEmpty()
                ? prove(upgrade)
                : replace(upgrade);
    }

    /// New pods go on being given the old proxy: they would not start with an image that a node
    /// cannot have.
    private Plan prove(Upgrade upgrade) {
        var standing = standing(waitingForProof(), 0);
        var run = upgrade.run(false, upgrade.watchMoved(there), standing);
        return new Run(
                run.revisions(),
                run.injecting(),
                List.of(),
                List.of(),
                wantedProofs(),
                proofsToRetry(),
                standing);
    }

    private Plan replace(Upgrade upgrade) {
        var changes = new ArrayList<PodChange>();
        for (var pod : outdated) {
            if (!pod.proxyRunning() && !isMarked(pod)) {
                changes.add(
                        new PodChange.Replace(
                                pod, images.proxy())); // nobody is served: nothing to drain
            }
        }
        var current = inWork();
        var waiting = "";
        if (current != null) {
            if (!current.proxyImage().equals(images.proxy())) {
                if (there.drained(current.uid())) {
                    changes.add(new PodChange.Replace(current, images.proxy()));
                    waiting = current.display() + " to restart its proxy";
                } else {
                    waiting = "the peers of " + current.display() + " to stop sending to it";
                }
            } else if (!isBack(current)) {
                waiting = current.display() + " to be back: " + whatIsMissing(current);
            } else {
                current = null;
            }
        }
        if (current == null) {
            current = next();
            if (current != null) {
                waiting = "the peers of " + current.display() + " to stop sending to it";
            } else if (!outdated.isEmpty() && changes.isEmpty()) {
                waiting = waitingForProof();
            }
        }
        List<WorkedPod> marks =
                current == null
                        ? List.of()
                        : List.of(
                                new WorkedPod(
                                        current.namespace(), current.name(), current.uid(), true));
        var standing = standing(waiting, current != null && isPatched(current) ? 1 : 0);
        var run = upgrade.run(true, marks, standing);
        return new Run(
                run.revisions(),
                run.injecting(),
                List.of(),
                changes,
                wantedProofs(),
                proofsToRetry(),
                standing);
    }

    private String waitingForProof() {
        return "the proof of " + images.proxy() + " on " + String.join(", ", unprovedNodes());
    }

    /// @param away pods that have the new image but are not back
    private Patching standing(String waiting, int away) {
        return new Patching(
                from,
                seen.spec().version(),
                staying.size() - outdated.size() - kept.size() - away,
                staying.size(),
                waiting,
                failed(),
                kept);
    }

    /// The pod that the revision has been told to drain, if it is still there.
    private @Nullable MeshedPod inWork() {
        for (var mark : there.spec().pods()) {
            if (mark.drain()) {
                for (var pod : staying) {
                    if (pod.uid().equals(mark.uid()) && (pod.proxyRunning() || isPatched(pod))) {
                        return pod;
                    }
                }
            }
        }
        return null;
    }

    private boolean isMarked(MeshedPod pod) {
        return there.spec().pods().stream().anyMatch(m -> m.drain() && m.uid().equals(pod.uid()));
    }

    private boolean isPatched(MeshedPod pod) {
        return pod.proxyImage().equals(images.proxy());
    }

    /// The container is another one than the one that was to go, and everybody who should know it
    /// does.
    private boolean isBack(MeshedPod pod) {
        return whatIsMissing(pod).isEmpty();
    }

    private String whatIsMissing(MeshedPod pod) {
        if (!pod.proxyRunning() || pod.proxyContainer().equals(pod.replacing())) {
            return "the proxy has not restarted";
        }
        if (!there.sees(pod, seen.spec().version())) {
            return "the new proxy has not connected";
        }
        if (!there.serves(pod, seen.spec().version())) {
            return "the new proxy has not taken its configuration";
        }
        if (!pod.readyWithThisProxy(seen.now())) {
            return "the pod is not Ready";
        }
        return there.held(pod.uid()) ? "its endpoints are not ready" : "";
    }

    private @Nullable MeshedPod next() {
        for (var pod : outdated) {
            if (pod.proxyRunning() && isProved(pod.node())) {
                return pod;
            }
        }
        return null;
    }

    private boolean isProved(String node) {
        return seen.proofs().stream()
                .anyMatch(p -> covers(p, node) && p.outcome() == ProofSeen.Outcome.Proved);
    }

    private boolean covers(ProofSeen proof, String node) {
        return proof.node().equals(node) && proof.image().equals(images.proxy());
    }

    private TreeSet<String> unprovedNodes() {
        var nodes = new TreeSet<String>();
        for (var pod : outdated) {
            if (pod.proxyRunning() && !isProved(pod.node())) {
                nodes.add(pod.node());
            }
        }
        return nodes;
    }

    private List<WantedProof> wantedProofs() {
        return unprovedNodes().stream()
                .filter(node -> seen.proofs().stream().noneMatch(p -> covers(p, node)))
                .map(node -> new WantedProof(node, images.proxy()))
                .toList();
    }

    private List<ProofSeen> failed() {
        return seen.proofs().stream()
                .filter(p -> p.image().equals(images.proxy()))
                .filter(p ->
                        p.outcome() == ProofSeen.Outcome.Failed
                                || (p.outcome() == ProofSeen.Outcome.Running
                                        && age(p).compareTo(PROOF_LIMIT) > 0))
                .toList();
    }

    /// Failed ones after a while, and those of other images.
    private List<String> proofsToRetry() {
        var drop = new ArrayList<String>();
        for (var proof : seen.proofs()) {
            if (!proof.image().equals(images.proxy())) {
                drop.add(proof.name());
            }
        }
        for (var proof : failed()) {
            if (age(proof).compareTo(PROOF_LIMIT.plus(PROOF_RETRY)) > 0) {
                drop.add(proof.name());
            }
        }
        return drop;
    }

    private Duration age(ProofSeen proof) {
        return Duration.between(proof.started(), seen.now());
    }
}
