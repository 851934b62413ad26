package dev.weft.e2e.suite;

import dev.weft.e2e.cluster.Cluster;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The objects of a cluster, of every kind that it knows, that have to do with Weft: those with
/// `weft` in their name or kind. Left out is what comes and goes by itself.
public final class Inventory {
    private static final Set<String> PASSING =
            Set.of("Event", "Lease", "Pod", "PodMetrics", "EndpointSlice", "Endpoints");

    private Inventory() {}

    /// One line for each object: kind, namespace, name.
    public static Set<String> of(Cluster cluster) {
        String kinds =
                cluster.kubectl("api-resources", "--verbs=list", "-o", "name")
                        .orThrow()
                        .lines()
                        .collect(Collectors.joining(","));
        return cluster.kubectl(
                        "get",
                        kinds,
                        "-A",
                        "--no-headers",
                        "-o",
                        "custom-columns=K:.kind,NS:.metadata.namespace,N:.metadata.name")
                .orThrow()
                .lines()
                .map(line -> line.trim().replaceAll("\\s+", " "))
                .filter(line -> !PASSING.contains(line.split(" ")[0]))
                .filter(line -> line.contains("weft") || line.startsWith("Mesh"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// What is there now and was not then.
    public static Set<String> more(Set<String> now, Set<String> then) {
        var more = new TreeSet<>(now);
        more.removeAll(then);
        return more;
    }
}
