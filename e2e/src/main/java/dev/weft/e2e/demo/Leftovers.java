package dev.weft.e2e.demo;

import dev.weft.api.Names;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.UnusableException;
import dev.weft.e2e.mesh.Mesh;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What the demo makes in a cluster that is not its own, and how that is taken away again. Nothing
/// of it may be there before: what is taken away is the demo's.
final class Leftovers {
    private static final String ATMOST = "--timeout=180s";
    private static final String IF_THERE = "--ignore-not-found";
    private static final String MESHES = "meshinstallations.weft.dev";
    private static final List<String> NAMESPACES =
            List.of(DemoApps.NAMESPACE, DemoApps.OBSERVER_NAMESPACE);

    /// Runs kubectl against the cluster, to its end.
    @FunctionalInterface
    interface Kubectl {
        Output run(String... arguments);
    }

    private final Kubectl kubectl;
    private final Path checkout;
    private final List<String> gatewayApi;

    private Leftovers(Kubectl kubectl, Path checkout, List<String> gatewayApi) {
        this.kubectl = kubectl;
        this.checkout = checkout;
        this.gatewayApi = gatewayApi;
    }

    /// To be called before the demo makes anything.
    ///
    /// @throws UnusableException something of what the demo makes is there already
    static Leftovers of(Kubectl kubectl, Path checkout) {
        var inTheWay = new ArrayList<String>();
        inTheWay.addAll(
                there(
                        kubectl,
                        "namespace",
                        Stream.concat(NAMESPACES.stream(), Stream.of(Names.NAMESPACE)).toList()));
        inTheWay.addAll(there(kubectl, "crd", List.of(MESHES)));
        if (!inTheWay.isEmpty()) {
            throw new UnusableException(
                    "This cluster has %s already, and the demo takes away at its end what has these names: delete it first, or name another cluster."
                            .formatted(String.join(", ", inTheWay)));
        }
        var gatewayApi = new ArrayList<>(Mesh.gatewayApiCrds());
        gatewayApi.removeIf(name -> !there(kubectl, "crd", List.of(name)).isEmpty());
        return new Leftovers(kubectl, checkout, List.copyOf(gatewayApi));
    }

    private static List<String> there(Kubectl kubectl, String kind, List<String> names) {
        var arguments = new ArrayList<>(List.of("get", kind));
        arguments.addAll(names);
        arguments.addAll(List.of(IF_THERE, "-o", "name"));
        return kubectl.run(arguments.toArray(String[]::new)).orThrow().lines().toList();
    }

    /// Arguments of kubectl that take all of it away, in this order: first the pods, so that the
    /// mesh can go; then the mesh, so that its operator can.
    List<List<String>> commands() {
        var commands = new ArrayList<List<String>>();
        commands.add(
                Stream.of(
                                Stream.of("delete", "namespace"),
                                NAMESPACES.stream(),
                                Stream.of(IF_THERE, ATMOST))
                        .flatMap(part -> part)
                        .toList());
        commands.add(List.of("delete", MESHES, Mesh.NAME, IF_THERE, ATMOST));
        commands.add(
                List.of(
                        "delete",
                        "-k",
                        checkout.resolve("src/main/kubernetes").toString(),
                        IF_THERE,
                        ATMOST));
        if (!gatewayApi.isEmpty()) {
            commands.add(
                    Stream.of(
                                    Stream.of("delete", "crd"),
                                    gatewayApi.stream(),
                                    Stream.of(IF_THERE, ATMOST))
                            .flatMap(part -> part)
                            .toList());
        }
        return commands;
    }

    /// Takes it away as far as that goes.
    ///
    /// @return what is left to do, the first of it with what it said; empty if nothing is left
    List<String> takeAway() {
        var commands = commands();
        for (int i = 0; i < commands.size(); i++) {
            var command = commands.get(i);
            if (command.contains(MESHES) && noMeshWasMade()) {
                continue;
            }
            var output = kubectl.run(command.toArray(String[]::new));
            if (!output.succeeded()) {
                var left = new ArrayList<String>();
                left.add("(" + output.stderr().strip() + ")");
                commands.subList(i, commands.size())
                        .forEach(undone -> left.add(String.join(" ", undone)));
                return left;
            }
        }
        return List.of();
    }

    private boolean noMeshWasMade() {
        var kind = kubectl.run("get", "crd", MESHES, IF_THERE, "-o", "name");
        return kind.succeeded() && kind.stdout().isBlank();
    }
}
