package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.Optional;

/// When processes began, as the kernel tells it.
public final class ProcessStart {
    private static final int MILLIS_OF_TICK = 10;

    private ProcessStart() {}

    /// Of the process with this name in a container of the pod, as its status knows it.
    public static Optional<Instant> of(Node node, Pod pod, String container, String command) {
        String script =
                Processes.each(
                        pod,
                        container,
                        "^" + command + "$",
                        "echo $(cut -d ' ' -f 22 $p/stat) $(date +%s%3N) $(cat /proc/uptime)");
        return node.exec("sh", "-c", script).stdout().lines().findFirst().map(ProcessStart::parse);
    }

    private static Instant parse(String line) {
        var numbers = line.split(" ");
        long afterBoot = Long.parseLong(numbers[0]) * MILLIS_OF_TICK;
        long boot = Long.parseLong(numbers[1]) - Math.round(Double.parseDouble(numbers[2]) * 1000);
        return Instant.ofEpochMilli(boot + afterBoot);
    }
}
