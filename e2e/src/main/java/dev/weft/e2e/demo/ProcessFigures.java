package dev.weft.e2e.demo;

import dev.weft.e2e.cluster.Node;
import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// Memory and CPU time of containers, read in the node from `/proc`.
///
/// @param rssMegabytes resident memory
/// @param privateMegabytes RssAnon: what no other process shares
/// @param cpuSeconds user and system time since the process began
record ProcessFigures(double rssMegabytes, double privateMegabytes, double cpuSeconds) {
    /// One line for each process: cgroup, VmRSS and RssAnon in kB, user and system ticks.
    private static final String SCRIPT =
            """
            for p in /proc/[0-9]*; do
              [ -r $p/cgroup ] || continue
              c=$(tr '\\n' ' ' < $p/cgroup 2>/dev/null); r=; a=
              while read -r k v _; do
                case $k in VmRSS:) r=$v;; RssAnon:) a=$v;; esac
              done < $p/status 2>/dev/null
              [ -n "$r" ] || continue
              s=$(cat $p/stat 2>/dev/null) || continue
              s=${s##*) }
              set -- $s
              echo "$r $a ${12} ${13} $c"
            done
            """;

    private static final double TICKS_PER_SECOND = 100;

    /// The processes of the containers of these names, those of each pod added up.
    static List<ProcessFigures> of(Node node, List<Pod> pods, List<String> containers) {
        return of(node, pods, pod -> containers);
    }

    /// @param containers the names that count in a pod
    static List<ProcessFigures> of(
            Node node, List<Pod> pods, Function<Pod, List<String>> containers) {
        List<String> lines = node.exec("sh", "-c", SCRIPT).orThrow().lines().toList();
        var figures = new ArrayList<ProcessFigures>();
        for (var pod : pods) {
            var ids = Workloads.containerIds(pod, containers.apply(pod));
            var mine =
                    lines.stream().filter(line -> ids.stream().anyMatch(line::contains)).toList();
            if (!mine.isEmpty()) {
                figures.add(sum(mine));
            }
        }
        return figures;
    }

    static ProcessFigures sum(List<String> lines) {
        double rss = 0;
        double anonymous = 0;
        double ticks = 0;
        for (String line : lines) {
            String[] fields = line.split(" ", 5);
            rss += Double.parseDouble(fields[0]);
            anonymous += Double.parseDouble(fields[1]);
            ticks += Double.parseDouble(fields[2]) + Double.parseDouble(fields[3]);
        }
        return new ProcessFigures(rss / 1024, anonymous / 1024, ticks / TICKS_PER_SECOND);
    }

    static String memory(List<ProcessFigures> figures) {
        if (figures.isEmpty()) {
            return "not seen";
        }
        return String.format(
                Locale.ROOT,
                "RSS %.0f MB, private %.0f MB",
                figures.stream().mapToDouble(ProcessFigures::rssMegabytes).average().orElse(0),
                figures.stream().mapToDouble(ProcessFigures::privateMegabytes).average().orElse(0));
    }

    static double cpu(List<ProcessFigures> figures) {
        return figures.stream().mapToDouble(ProcessFigures::cpuSeconds).sum();
    }
}
