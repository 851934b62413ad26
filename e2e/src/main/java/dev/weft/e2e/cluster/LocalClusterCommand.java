package dev.weft.e2e.cluster;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.machine.UnusableException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/// `weft cluster`: local clusters that outlive the command, for developers.
@Command(
        name = "cluster",
        description = "Local Kubernetes clusters, made from packages, in namespaces of their own.",
        subcommands = {
            LocalClusterCommand.Up.class,
            LocalClusterCommand.Down.class,
            LocalClusterCommand.Status.class,
            LocalClusterCommand.Load.class,
            LocalClusterCommand.Exec.class,
            LocalClusterCommand.Kubectl.class
        })
public final class LocalClusterCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "Which? For example: weft cluster up");
        }
    }

    static final class Name {
        @Option(
                names = "--name",
                defaultValue = "dev",
                description = "The cluster's name (default: ${DEFAULT-VALUE}).")
        String name = "dev";

        LocalNodes.Running find() {
            return nodes().find(name)
                    .orElseThrow(() ->
                            new UnusableException(
                                    "There is no local cluster named %s: make it with ./weft cluster up --name %s."
                                            .formatted(name, name)));
        }
    }

    private static LocalNodes nodes() {
        return new LocalNodes(Cache.ofUser(), Progress.toStandardError());
    }

    @Command(name = "up", description = "Makes a cluster and prints its kubeconfig.")
    static final class Up implements Callable<Integer> {
        @picocli.CommandLine.Mixin private Name name = new Name();

        @Override
        public Integer call() {
            var running = nodes().startDetached(name.name);
            System.out.println("export KUBECONFIG=" + running.folder().resolve("kubeconfig"));
            System.err.println("End it with: ./weft cluster down --name " + name.name);
            return 0;
        }
    }

    @Command(name = "down", description = "Ends a cluster; nothing of it stays.")
    static final class Down implements Callable<Integer> {
        @picocli.CommandLine.Mixin private Name name = new Name();

        @Override
        public Integer call() {
            name.find().stop();
            return 0;
        }
    }

    @Command(name = "status", description = "Lists the clusters that run.")
    static final class Status implements Callable<Integer> {
        @Override
        public Integer call() {
            for (var running : nodes().all()) {
                System.out.println(running.name() + "\t" + running.folder().resolve("kubeconfig"));
            }
            return 0;
        }
    }

    @Command(name = "load", description = "Loads image archives (docker-archive or OCI tar).")
    static final class Load implements Callable<Integer> {
        @picocli.CommandLine.Mixin private Name name = new Name();

        @Parameters(arity = "1..*", paramLabel = "FILE")
        private List<Path> archives = List.of();

        @Override
        public Integer call() {
            var running = name.find();
            for (var archive : archives) {
                var output =
                        new LocalNode(running.folder(), running.bin())
                                .exec(
                                        "ctr",
                                        "images",
                                        "import",
                                        "--local",
                                        archive.toAbsolutePath().toString());
                System.out.print(output.orThrow());
            }
            return 0;
        }
    }

    @Command(name = "exec", description = "Runs a command in the node's namespaces.")
    static final class Exec implements Callable<Integer> {
        @picocli.CommandLine.Mixin private Name name = new Name();

        @Unmatched private final List<String> command = new ArrayList<>();

        @Override
        public Integer call() throws Exception {
            var running = name.find();
            var line =
                    new LocalNode(running.folder(), running.bin())
                            .commandLine(command.toArray(String[]::new));
            return new ProcessBuilder(line).inheritIO().start().waitFor();
        }
    }

    @Command(name = "kubectl", description = "Runs kubectl against the cluster.")
    static final class Kubectl implements Callable<Integer> {
        @picocli.CommandLine.Mixin private Name name = new Name();

        @Unmatched private final List<String> arguments = new ArrayList<>();

        @Override
        public Integer call() throws Exception {
            var running = name.find();
            var line = new ArrayList<>(List.of(running.bin().resolve("kubectl").toString()));
            line.add("--kubeconfig=" + running.folder().resolve("kubeconfig"));
            line.addAll(arguments);
            return new ProcessBuilder(line).inheritIO().start().waitFor();
        }
    }
}
