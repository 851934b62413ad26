package dev.weft.controlplane.compile;

import dev.weft.controlplane.revision.RevisionSettings;
import dev.weft.controlplane.revision.RevisionSettings.Mode;
import dev.weft.controlplane.revision.RevisionSettings.MtlsMode;

/// The settings of the whole mesh that xDS depends on.
///
/// @param plaintextIn the inbound side takes plaintext too
/// @param plaintextOut the outbound side sends nothing else
record MeshPolicy(String trustDomain, boolean plaintextIn, boolean plaintextOut) {
    static MeshPolicy of(RevisionSettings settings) {
        return new MeshPolicy(
                settings.trustDomain(),
                settings.mtlsMode() == MtlsMode.PERMISSIVE || settings.mode() != Mode.MESH,
                settings.mode() == Mode.PASS_THROUGH);
    }

    String spiffeId(Account account) {
        return "spiffe://"
                + trustDomain
                + "/ns/"
                + account.namespace()
                + "/sa/"
                + account.serviceAccount();
    }
}
