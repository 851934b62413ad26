package dev.weft.operator.observe;

import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.MeshInstallationStatus;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// All that a decision depends on, at one moment.
///
/// @param deleting whether the `MeshInstallation` is being deleted
/// @param owner the name of the `MeshInstallation` that owns the cluster's mesh: the oldest
/// @param revisions by name
/// @param pods all meshed pods that have not ended, in [MeshedPod#STABLE] order
public record Observed(
        String name,
        long generation,
        boolean deleting,
        String owner,
        MeshInstallationSpec spec,
        @Nullable MeshInstallationStatus status,
        Catalogue catalogue,
        SortedMap<String, RevisionSeen> revisions,
        List<MeshedPod> pods,
        List<ProofSeen> proofs,
        Instant now) {

    public Observed {
        revisions = java.util.Collections.unmodifiableSortedMap(revisions);
        pods = pods.stream().sorted(MeshedPod.STABLE).toList();
        proofs = List.copyOf(proofs);
    }

    /// The pods that will stay.
    public List<MeshedPod> staying() {
        return pods.stream().filter(p -> !p.terminating()).toList();
    }

    /// Whether every running proxy of a revision is connected to it, and has ACKed all of what the
    /// revision says now.
    public boolean hasTakenOver(RevisionSeen revision) {
        var running = runningProxies(revision);
        return running == 0 || (revision.allSynced() && revision.proxies() >= running);
    }

    /// How many proxies run that belong to a revision.
    public int runningProxies(RevisionSeen revision) {
        return (int)
                staying().stream()
                        .filter(p -> p.proxyRunning() && p.revision().equals(revision.name()))
                        .count();
    }

    /// The revision that new pods are sent to, if one is installed.
    public @Nullable RevisionSeen injecting() {
        for (var revision : revisions.values()) {
            if (revision.spec().injecting()) {
                return revision;
            }
        }
        return null;
    }
}
