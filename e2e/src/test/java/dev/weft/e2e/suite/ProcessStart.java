package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// When processes began, as the kernel tells it.
public final class ProcessStart {
    private static final int MILLIS_OF_TICK = 10;

    private ProcessStart() {}

    /// Of the process with this name in a container of the pod, as its status knows it.
    public static Optional<Instant> of(Node node, Pod pod, String container, String command) {
        String id = Workloads.containerIds(pod, List.of(container)).getFirst();
        String script =
                """
                for p in /proc/[0-9]*; do
                    if grep -q ID $p/cgroup && grep -q '^COMMAND$' $p/comm; then
                        echo $(cut -d ' ' -f 22 $p/stat) $(date +%s%3N) $(cat /proc/uptime)
                    fi
                done 2>/dev/null
                """
                        .replace("ID", id)
                        .replace("COMMAND", command);
        return node.exec("sh", "-c", script).stdout().lines().findFirst().map(ProcessStart::parse);
    }

    private static Instant parse(String line) {
        var numbers = line.split(" ");
        long afterBoot = Long.parseLong(numbers[0]) * MILLIS_OF_TICK;
        long boot = Long.parseLong(numbers[1]) - Math.round(Double.parseDouble(numbers[2]) * 1000);
        return Instant.ofEpochMilli(boot + afterBoot);
    }
}
