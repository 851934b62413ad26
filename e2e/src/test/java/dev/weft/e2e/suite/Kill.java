package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/// Ends the processes of a container without asking them.
public final class Kill {
    private Kill() {}

    /// `kill -9`, from the node.
    public static void nine(Node node, Pod pod, String container) {
        String id = Workloads.containerIds(pod, List.of(container)).getFirst();
        node.exec(
                        "sh",
                        "-c",
                        "found=; for p in /proc/[0-9]*; do if grep -q "
                                + id
                                + " $p/cgroup 2>/dev/null; then kill -9 ${p#/proc/} && found=1; fi; done; test -n \"$found\"")
                .orThrow();
    }

    /// The same for the pod's proxy.
    public static void proxy(Node node, Pod pod) {
        nine(node, pod, Workloads.proxyContainer(pod));
    }
}
