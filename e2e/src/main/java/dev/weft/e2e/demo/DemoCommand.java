package dev.weft.e2e.demo;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cluster.Cluster;
import dev.weft.e2e.cluster.Clusters;
import dev.weft.e2e.cluster.LocalCluster;
import dev.weft.e2e.image.Images;
import dev.weft.e2e.mesh.Mesh;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `weft demo`.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the mesh at work: makes a Kubernetes, starts applications that know nothing of the mesh, puts "
                    + "them under load, installs Weft, takes them into the mesh, splits traffic by an HTTPRoute, and "
                    + "upgrades control plane and proxies. Says what was proved.",
            "The cluster: the one that you name; else k3s in Docker; else a local one made from packages."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything was proved",
            "1:something was not, or something failed on the way",
            "2:the command line is wrong",
            "3:this machine or cluster cannot be used as it is"
        })
public final class DemoCommand implements Callable<Integer> {
    /// The local cluster that `--keep` leaves running.
    static final String KEPT = "weft-demo";

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description =
                    "Use this cluster. It must have nothing of Weft, and no namespace weft-demo*; at the end the "
                            + "demo takes away what it has made there.")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--registry",
            paramLabel = "HOST/PATH",
            description = "With --kubeconfig: where the images are pushed, and pulled from.")
    private @Nullable String registry;

    @Option(
            names = "--cluster",
            paramLabel = "NAME",
            description =
                    "Use a local cluster that weft cluster up has made; else as --kubeconfig.")
    private @Nullable String local;

    @Option(
            names = "--keep",
            description =
                    "Leave everything running, and say how to end it. Where no cluster is named this is a local one, "
                            + "never k3s in Docker, which ends with the command.")
    private boolean keep;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description =
                    "text, or json: one object as the last thing on standard output. Default: ${DEFAULT-VALUE}.",
            defaultValue = "text")
    private Format format = Format.text;

    enum Format {
        text,
        json
    }

    @Override
    public Integer call() throws InterruptedException {
        var steps = new Steps(format == Format.json ? System.err::println : System.out::println);
        Progress progress = steps::note;
        var cache = Cache.ofUser();
        var checkout = Images.top();
        var built =
                steps.step(
                        "images",
                        "Build the images of %s and %s".formatted(Demo.FROM, Demo.TO),
                        () -> new Images(checkout, cache, progress).all());
        var cluster =
                steps.step("cluster", "Find or make a Kubernetes", () -> open(cache, progress));
        steps.note(cluster.description());
        var leftovers =
                named()
                        ? Optional.of(Leftovers.of(cluster::kubectl, checkout))
                        : Optional.<Leftovers>empty();
        var whenInterrupted =
                new Thread(() -> leftovers.ifPresent(made -> tellHowToEnd(cluster, made, steps)));
        Runtime.getRuntime().addShutdownHook(whenInterrupted);
        boolean done = false;
        try {
            var report = Demo.play(cluster, built, checkout, steps);
            done = true;
            steps.page(DemoPage.of(report, next(cluster)));
            if (format == Format.json) {
                System.out.println(report.toJson());
            }
            return report.proved() ? 0 : 1;
        } catch (IllegalStateException | KubernetesClientException stopped) {
            steps.say("The demo could not go on: " + stopped.getMessage());
            steps.say(seen(cluster));
            return 1;
        } finally {
            if (leftovers.isPresent() && !keep) {
                takeAway(cluster, leftovers.get(), steps);
            }
            forget(whenInterrupted);
            if (keep) {
                kept(cluster, leftovers, steps, done);
            } else {
                cluster.close();
            }
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException itRunsAlready) {
            // The process is ending, and tells it.
        }
    }

    /// Whether the cluster is somebody's, and goes on after the demo in any case.
    private boolean named() {
        return kubeconfig != null || local != null;
    }

    private static void takeAway(Cluster cluster, Leftovers leftovers, Steps steps) {
        var left =
                steps.step(
                        "end",
                        "Take away what the demo has made in the cluster",
                        leftovers::takeAway);
        if (!left.isEmpty()) {
            steps.say("Not all could be taken away " + left.getFirst() + ". Left to do:");
            left.stream()
                    .skip(1)
                    .forEach(command -> steps.page("  " + kubectl(cluster) + " " + command));
        }
    }

    private static void tellHowToEnd(Cluster cluster, Leftovers leftovers, Steps steps) {
        steps.page("  take away what the demo has made (images stay in the registry):");
        leftovers
                .commands()
                .forEach(command ->
                        steps.page("    " + kubectl(cluster) + " " + String.join(" ", command)));
    }

    private static String kubectl(Cluster cluster) {
        return "kubectl --kubeconfig=" + cluster.kubeconfig();
    }

    private Cluster open(Cache cache, Progress progress) {
        if (keep && !named()) {
            return LocalCluster.startToStay(KEPT, cache, progress);
        }
        return Clusters.open(new Clusters.Choice(kubeconfig, registry, local), cache, progress);
    }

    private static String seen(Cluster cluster) {
        return cluster.kubectl("get", "pods", "-A", "-o", "wide").stdout()
                + cluster.kubectl("get", "meshinstallation", "-o", "wide").stdout()
                + cluster.kubectl(
                                "get",
                                "events",
                                "-A",
                                "--field-selector=type=Warning",
                                "--sort-by=.lastTimestamp")
                        .stdout();
    }

    private List<String> next(Cluster cluster) {
        if (!keep) {
            return List.of(
                    "./weft demo --keep          leaves the cluster running, to look into",
                    "./weft cluster up           an empty cluster, for your own first MeshInstallation",
                    "less docs/architecture.md   how it works");
        }
        String kubectl = kubectl(cluster);
        return List.of(
                kubectl + " get meshinstallation -o wide",
                kubectl + " describe meshinstallation " + Mesh.NAME,
                kubectl + " -n " + DemoApps.NAMESPACE + " get pods");
    }

    private void kept(Cluster cluster, Optional<Leftovers> leftovers, Steps steps, boolean done) {
        steps.page("");
        steps.page(
                (done
                                ? "The cluster runs on."
                                : "The cluster runs on, as it was when the demo stopped.")
                        + "\n  export KUBECONFIG="
                        + cluster.kubeconfig());
        leftovers.ifPresent(made -> tellHowToEnd(cluster, made, steps));
        if (!named()) {
            steps.page("  end it: ./weft cluster down --name " + KEPT);
        }
    }
}
