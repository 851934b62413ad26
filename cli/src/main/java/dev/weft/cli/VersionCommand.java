package dev.weft.cli;

import dev.weft.api.MeshRevision;
import dev.weft.api.MeshRevisionStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `weft version`: of this command, of the control planes, of the proxies as they say themselves.
@Command(
        name = "version",
        description = "Prints the versions of this command, the control planes and the proxies.",
        mixinStandardHelpOptions = true)
final class VersionCommand implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin ClusterOptions cluster;

    @Option(names = "--client", description = "This command's version only; asks no cluster.")
    boolean clientOnly;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text or json; default: ${DEFAULT-VALUE}.")
    OutputFormat output;

    @SuppressWarnings("NullAway.Init")
    VersionCommand() {}

    /// @param client this command
    /// @param controlPlanes versions of the control planes that are installed
    /// @param proxies version to number of connected proxies
    record Versions(String client, List<String> controlPlanes, Map<String, Integer> proxies) {}

    @Override
    public Integer call() {
        var versions =
                clientOnly
                        ? new Versions(BuildVersion.read(), List.of(), Map.of())
                        : read(BuildVersion.read());
        PrintWriter out = spec.commandLine().getOut();
        if (output == OutputFormat.JSON) {
            out.println(Serialization.asJson(versions));
        } else {
            out.println("client         " + versions.client());
            versions.controlPlanes().forEach(version -> out.println("control plane  " + version));
            versions.proxies()
                    .forEach((version, count) ->
                            out.println("proxies        " + version + ": " + count));
        }
        out.flush();
        return 0;
    }

    private Versions read(String own) {
        try (KubernetesClient client = cluster.client()) {
            return versions(own, client.resources(MeshRevision.class).list().getItems());
        }
    }

    static Versions versions(String own, List<MeshRevision> revisions) {
        var controlPlanes = new ArrayList<String>();
        var proxies = new TreeMap<String, Integer>();
        for (MeshRevision revision : revisions) {
            controlPlanes.add(revision.getSpec().version());
            if (revision.getStatus() == null) {
                continue;
            }
            for (MeshRevisionStatus.Replica replica : revision.getStatus().replicas()) {
                replica.versions()
                        .forEach(of -> proxies.merge(of.version(), of.proxies(), Integer::sum));
            }
        }
        return new Versions(own, controlPlanes, proxies);
    }
}
