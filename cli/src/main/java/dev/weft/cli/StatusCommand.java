package dev.weft.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.weft.api.MeshInstallation;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `weft status`: is the mesh ready, what is happening, what is wrong and what to do.
@Command(
        name = "status",
        description = {
            "Says whether the mesh is ready, what is happening, what is wrong and what to do.",
            "Exit code 0: ready. 1: not ready, or no MeshInstallation. 2: the cluster could not be asked."
        },
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin ClusterOptions cluster;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text or json; default: ${DEFAULT-VALUE}.")
    OutputFormat output;

    @SuppressWarnings("NullAway.Init")
    StatusCommand() {}

    @Override
    public Integer call() throws JsonProcessingException {
        List<StatusView> views;
        try (KubernetesClient client = cluster.client()) {
            views =
                    client.resources(MeshInstallation.class).list().getItems().stream()
                            .map(StatusView::of)
                            .toList();
        }
        PrintWriter out = spec.commandLine().getOut();
        if (output == OutputFormat.JSON) {
            out.println(
                    Serialization.jsonMapper()
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(views));
        } else if (views.isEmpty()) {
            out.println("No MeshInstallation: this cluster has no mesh. Create one to install it.");
        } else {
            views.forEach(view -> out.print(view.toText()));
        }
        out.flush();
        return views.stream().anyMatch(StatusView::ready) ? 0 : 1;
    }
}
