package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;

/// Ends the processes of a container without asking them.
public final class Kill {
    private Kill() {}

    /// `kill -9` for all of them at once, from the node, as the kernel does when the container's
    /// memory is used up.
    ///
    /// @return when they were gone, and with them their sockets
    public static Instant nine(Node node, Pod pod, String container) {
        return nine(node, pod, container, "");
    }

    /// The same for the pod's proxy.
    public static Instant proxy(Node node, Pod pod) {
        return nine(node, pod, Workloads.proxyContainer(pod));
    }

    /// For the proxy's own process alone: what waits for it lives on, and so does the container.
    public static Instant proxyProcess(Node node, Pod pod) {
        return nine(node, pod, Workloads.proxyContainer(pod), "^java$");
    }

    private static Instant nine(Node node, Pod pod, String container, String command) {
        String script =
                "found=\n"
                        + Processes.each(pod, container, command, "found=\"$found ${p#/proc/}\"")
                        + """
                        test -n "$found" && kill -9 $found || exit 1
                        for p in $found; do
                            while test -e /proc/$p; do :; done
                        done
                        date +%s%3N
                        """;
        String killed = node.exec("sh", "-c", script).orThrow();
        return Instant.ofEpochMilli(Long.parseLong(killed.strip()));
    }
}
