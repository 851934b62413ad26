package dev.weft.operator.plan;

import dev.weft.api.RevisionMode;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.observe.ProofSeen;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Where the mesh stands, which is what status tells.
public sealed interface Standing {
    /// Another `MeshInstallation` is older.
    record AlreadyInstalled(String owner) implements Standing {}

    /// @param inForce the version that runs and stays; empty when none is installed
    record UnknownVersion(String version, String inForce) implements Standing {}

    /// The first control plane comes up.
    record Installing(String version) implements Standing {}

    /// The proxies take over what `spec` has come to say.
    ///
    /// @param synced proxies that have ACKed it
    /// @param proxies all that run
    /// @param kept as in [Steady]
    record Configuring(String version, int synced, int proxies, List<MeshedPod> kept)
            implements Standing {}

    /// All is as `spec` says, and every running proxy has ACKed it.
    ///
    /// @param kept pods that keep an older proxy, since the wanted one needs another injection
    ///   contract
    record Steady(String version, List<MeshedPod> kept) implements Standing {}

    /// A mesh on its way from one version to another.
    sealed interface Upgrading extends Standing {
        String from();

        String to();
    }

    /// The second control plane comes up.
    record Starting(String from, String to, Instant since, Duration deadline)
            implements Upgrading {}

    /// The second control plane did not come up in time; all is as before.
    record GivenUp(String from, String to, Duration deadline) implements Upgrading {}

    /// Proxies move their streams.
    ///
    /// @param step from 1
    /// @param unseen pods of this step that the new revision does not see yet
    record Moving(
            String from,
            String to,
            int step,
            int percent,
            int moved,
            int total,
            List<MeshedPod> unseen)
            implements Upgrading {}

    /// Proxies are replaced in running pods, one after the other.
    ///
    /// @param waiting what the operator waits for, a phrase
    /// @param failed proofs that did not work: the proxies on those nodes stay as they are
    /// @param kept pods that keep an older proxy, since the wanted one needs another injection
    ///   contract
    record Patching(
            String from,
            String to,
            int patched,
            int total,
            String waiting,
            List<ProofSeen> failed,
            List<MeshedPod> kept)
            implements Upgrading {}

    /// The old revisions go.
    record Retiring(String from, String to) implements Upgrading {}

    /// Deletion waits for these pods to go.
    record WaitingForWorkloads(List<MeshedPod> pods) implements Standing {}

    /// Deletion waits until the proxies have taken a mode.
    record Detaching(RevisionMode mode, int synced, int proxies) implements Standing {}

    /// Deletion removes what the operator made.
    record Removing() implements Standing {}
}
