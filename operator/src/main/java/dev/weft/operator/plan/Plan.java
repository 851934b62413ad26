package dev.weft.operator.plan;

import dev.weft.api.GoDuration;
import dev.weft.api.MeshInstallationStatus.UpgradePhase;
import dev.weft.api.MeshRevisionSpec;
import dev.weft.api.Names;
import dev.weft.api.RevisionMode;
import dev.weft.operator.observe.Images;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Standing.AlreadyInstalled;
import dev.weft.operator.plan.Standing.GivenUp;
import dev.weft.operator.plan.Standing.Installing;
import dev.weft.operator.plan.Standing.UnknownVersion;
import java.util.ArrayList;
import java.util.List;

/// What to do next. Each plan is made from scratch out of what is observed, so that it does not
/// matter who made the last one, or how far it came.
public sealed interface Plan {
    /// Where the mesh stands.
    Standing standing();

    /// Nothing is written but status.
    record Leave(Standing standing) implements Plan {}

    /// The mesh runs, in one revision or, for a while, in several.
    ///
    /// @param injecting the revision that new pods are sent to; empty while the mesh is being
    ///   detached
    /// @param retire revisions that shall go
    /// @param proofs images to prove
    /// @param dropProofs names of proof pods that have served
    record Run(
            List<WantedRevision> revisions,
            String injecting,
            List<String> retire,
            List<PodChange> pods,
            List<WantedProof> proofs,
            List<String> dropProofs,
            Standing standing)
            implements Plan {
        public Run {
            revisions = List.copyOf(revisions);
            retire = List.copyOf(retire);
            pods = List.copyOf(pods);
            proofs = List.copyOf(proofs);
            dropProofs = List.copyOf(dropProofs);
        }

        static Run of(List<WantedRevision> revisions, String injecting, Standing standing) {
            return new Run(
                    revisions, injecting, List.of(), List.of(), List.of(), List.of(), standing);
        }

        Run retiring(List<String> names) {
            return new Run(revisions, injecting, names, pods, proofs, dropProofs, standing);
        }
    }

    /// All that the operator made goes.
    ///
    /// @param ours whether this `MeshInstallation` made anything
    record Remove(boolean ours, Standing standing) implements Plan {}

    /// Decides.
    static Plan of(Observed seen) {
        if (seen.deleting()) {
            return Removal.of(seen);
        }
        if (!seen.owner().equals(seen.name())) {
            return new Leave(new AlreadyInstalled(seen.owner()));
        }
        var images = seen.catalogue().images(seen.spec().version());
        var injecting = seen.injecting();
        if (images == null) {
            return unknownVersion(seen);
        }
        if (injecting == null && seen.revisions().isEmpty()) {
            return install(seen, images);
        }
        var target = Names.revision(seen.spec().version());
        if (injecting != null && !injecting.name().equals(target) && wasGivenUp(seen)) {
            return giveUp(seen, injecting);
        }
        return new Upgrade(seen, images).plan();
    }

    private static Plan install(Observed seen, Images images) {
        var revision = Names.revision(seen.spec().version());
        return Run.of(
                List.of(wanted(seen, seen.spec().version(), images, true, List.of())),
                revision,
                new Installing(seen.spec().version()));
    }

    private static Plan unknownVersion(Observed seen) {
        var injecting = seen.injecting();
        var inForce = injecting == null ? "" : injecting.spec().version();
        var standing = new UnknownVersion(seen.spec().version(), inForce);
        return injecting == null ? new Leave(standing) : asIs(seen, standing);
    }

    /// Back to the revision that new pods go to. The other one had no pods yet, or it would not
    /// have been given up.
    private static Plan giveUp(Observed seen, RevisionSeen injecting) {
        var target = Names.revision(seen.spec().version());
        var standing =
                new GivenUp(
                        injecting.spec().version(),
                        seen.spec().version(),
                        GoDuration.parse(seen.spec().upgrade().progressDeadline()));
        var kept =
                seen.revisions().values().stream().filter(r -> !r.name().equals(target)).toList();
        var run =
                Run.of(
                        kept.stream().map(r -> withSpec(seen, r)).toList(),
                        injecting.name(),
                        standing);
        return seen.revisions().containsKey(target) ? run.retiring(List.of(target)) : run;
    }

    private static boolean wasGivenUp(Observed seen) {
        var status = seen.status();
        if (status == null || status.upgrade() == null) {
            return false;
        }
        var upgrade = status.upgrade();
        return upgrade.phase() == UpgradePhase.GivenUp
                && upgrade.to().equals(seen.spec().version())
                && upgrade.generation() != null
                && upgrade.generation() == seen.generation();
    }

    /// Every revision as it is.
    static Run asIs(Observed seen, Standing standing) {
        var injecting = seen.injecting();
        var revisions = new ArrayList<WantedRevision>();
        for (var revision : seen.revisions().values()) {
            revisions.add(
                    new WantedRevision(
                            revision.name(), controlPlaneImage(seen, revision), revision.spec()));
        }
        return Run.of(revisions, injecting == null ? "" : injecting.name(), standing);
    }

    /// A revision that stays, with what `spec` now says of trust and of resources.
    static WantedRevision withSpec(Observed seen, RevisionSeen revision) {
        var images =
                new Images(
                        controlPlaneImage(seen, revision),
                        revision.spec().proxyImage(),
                        Names.INJECTION_CONTRACT);
        return wanted(
                seen,
                revision.spec().version(),
                images,
                revision.spec().injecting(),
                revision.spec().pods().stream().filter(MeshRevisionSpec.WorkedPod::drain).toList());
    }

    static WantedRevision wanted(
            Observed seen,
            String version,
            Images images,
            boolean injecting,
            List<MeshRevisionSpec.WorkedPod> pods) {
        var spec = seen.spec();
        return new WantedRevision(
                Names.revision(version),
                images.controlPlane(),
                new MeshRevisionSpec(
                        version,
                        spec.trust().domain(),
                        spec.trust().mode(),
                        spec.trust().workloadCertificateLifetime(),
                        RevisionMode.Mesh,
                        images.proxy(),
                        spec.proxy().resources(),
                        injecting,
                        pods));
    }

    /// What the Deployment runs; when somebody has removed it, what the catalogue says.
    private static String controlPlaneImage(Observed seen, RevisionSeen revision) {
        if (!revision.controlPlaneImage().isEmpty()) {
            return revision.controlPlaneImage();
        }
        var images = seen.catalogue().images(revision.spec().version());
        return images == null ? "" : images.controlPlane();
    }
}
