package dev.weft.operator.plan;

import dev.weft.api.ConditionType;
import dev.weft.api.DeletionPolicy;
import dev.weft.api.MeshRevisionSpec;
import dev.weft.api.Reason;
import dev.weft.api.RevisionMode;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.RevisionSeen;
import dev.weft.operator.plan.Plan.Remove;
import dev.weft.operator.plan.Plan.Run;
import dev.weft.operator.plan.Standing.Detaching;
import dev.weft.operator.plan.Standing.Removing;
import dev.weft.operator.plan.Standing.WaitingForWorkloads;
import java.util.ArrayList;

/// Takes a mesh away: waits for its pods to go, or first turns their proxies into plain
/// pass-through.
///
/// ```
/// Wait:   meshed pods exist → as it is; none → Removing
/// Detach: Permissive, ACKed by all → PassThrough, ACKed by all → Removing
/// ```
final class Removal {
    private Removal() {}

    static Plan of(Observed seen) {
        if (!seen.owner().equals(seen.name())) {
            return new Remove(false, new Removing());
        }
        if (seen.pods().isEmpty() || seen.revisions().isEmpty() || begun(seen)) {
            return new Remove(true, new Removing());
        }
        return seen.spec().deletionPolicy() == DeletionPolicy.Wait
                ? Plan.asIs(seen, new WaitingForWorkloads(seen.pods()))
                : detach(seen);
    }

    /// Once told, or once a control plane is gone with all proxies in pass-through, there is no way
    /// back.
    private static boolean begun(Observed seen) {
        var progress =
                seen.status() == null ? null : seen.status().condition(ConditionType.Progressing);
        return (progress != null && Reason.Removing.name().equals(progress.getReason()))
                || (allIn(seen, RevisionMode.PassThrough)
                        && seen.revisions().values().stream()
                                .anyMatch(r -> r.controlPlaneImage().isEmpty()));
    }

    private static Plan detach(Observed seen) {
        if (!allIn(seen, RevisionMode.Permissive) && !allIn(seen, RevisionMode.PassThrough)) {
            return inMode(
                    seen,
                    atLeastPermissive(seen) ? RevisionMode.PassThrough : RevisionMode.Permissive);
        }
        var passThrough = allIn(seen, RevisionMode.PassThrough);
        if (!seen.revisions().values().stream().allMatch(seen::hasTakenOver)) {
            return inMode(seen, passThrough ? RevisionMode.PassThrough : RevisionMode.Permissive);
        }
        return passThrough
                ? new Remove(true, new Removing())
                : inMode(seen, RevisionMode.PassThrough);
    }

    private static Plan inMode(Observed seen, RevisionMode mode) {
        var revisions = new ArrayList<WantedRevision>();
        for (var wanted : Plan.asIs(seen, new Removing()).revisions()) {
            var s = wanted.spec();
            revisions.add(
                    new WantedRevision(
                            wanted.name(),
                            wanted.controlPlaneImage(),
                            new MeshRevisionSpec(
                                    s.version(),
                                    s.trustDomain(),
                                    s.mtlsMode(),
                                    s.workloadCertificateLifetime(),
                                    mode,
                                    s.proxyImage(),
                                    s.proxyResources(),
                                    false,
                                    java.util.List.of())));
        }
        var synced = seen.revisions().values().stream().mapToInt(RevisionSeen::synced).sum();
        var proxies = (int) seen.pods().stream().filter(MeshedPod::proxyRunning).count();
        return Run.of(revisions, "", new Detaching(mode, Math.min(synced, proxies), proxies));
    }

    private static boolean allIn(Observed seen, RevisionMode mode) {
        return seen.revisions().values().stream().allMatch(r -> r.spec().mode() == mode);
    }

    /// Some have gone to pass-through already: the decision had been taken.
    private static boolean atLeastPermissive(Observed seen) {
        return seen.revisions().values().stream()
                .noneMatch(r -> r.spec().mode() == RevisionMode.Mesh);
    }
}
