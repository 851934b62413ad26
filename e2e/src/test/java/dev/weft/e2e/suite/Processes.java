package dev.weft.e2e.suite;

import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/// Processes of a container, as the node sees them.
final class Processes {
    private Processes() {}

    /// A shell's loop over those with this name.
    ///
    /// @param command a regular expression; empty: all of them
    /// @param act what is done for each; `$p` is its folder in `/proc`
    static String each(Pod pod, String container, String command, String act) {
        String id = Workloads.containerIds(pod, List.of(container)).getFirst();
        return """
        for p in /proc/[0-9]*; do
            if grep -q ID $p/cgroup && grep -q 'COMMAND' $p/comm; then
                ACT
            fi
        done 2>/dev/null
        """
                .replace("ID", id)
                .replace("COMMAND", command)
                .replace("ACT", act);
    }
}
