package dev.weft.e2e.suite;

import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshRevision;
import dev.weft.api.MeshRevisionStatus;
import dev.weft.api.Names;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;

/// Watches which proxies' versions are connected to which control plane, what they refuse, and how
/// an upgrade comes on.
public final class SkewWatch implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final KubernetesClient client;
    private final Set<String> pairs = new ConcurrentSkipListSet<>();
    private final Map<String, Set<String>> moves = new ConcurrentHashMap<>();
    private final Set<String> nacks = new ConcurrentSkipListSet<>();
    private final Thread watching = Thread.ofVirtual().unstarted(this::watch);
    private volatile boolean ended;

    private SkewWatch(KubernetesClient client) {
        this.client = client;
    }

    public static SkewWatch start(KubernetesClient client) {
        var watch = new SkewWatch(client);
        watch.watching.start();
        return watch;
    }

    /// A proxy's and a control plane's version, as [#pairs] holds them.
    public static String pair(String proxy, String controlPlane) {
        return "proxy " + proxy + " at control plane " + controlPlane;
    }

    /// All pairs seen so far.
    public Set<String> pairs() {
        return new TreeSet<>(pairs);
    }

    /// What was refused so far.
    public Set<String> nacks() {
        return new TreeSet<>(nacks);
    }

    /// Steps of the upgrade to a version, as `50 %: some` or `50 %: all` of the pods having moved.
    public Set<String> moves(String to) {
        return new TreeSet<>(moves.getOrDefault(to, Set.of()));
    }

    private void watch() {
        while (!ended) {
            try {
                look();
                Thread.sleep(PAUSE);
            } catch (KubernetesClientException notNow) {
                // The next look will tell.
            } catch (InterruptedException ending) {
                return;
            }
        }
    }

    private void look() {
        for (var mesh : client.resources(MeshInstallation.class).list().getItems()) {
            var upgrade = mesh.getStatus() == null ? null : mesh.getStatus().upgrade();
            if (upgrade != null && upgrade.moved() != null && upgrade.percent() != null) {
                moves.computeIfAbsent(upgrade.to(), _ -> new ConcurrentSkipListSet<>())
                        .add(
                                upgrade.percent()
                                        + " %: "
                                        + (upgrade.moved().equals(upgrade.total())
                                                ? "all"
                                                : "some"));
            }
        }
        for (var revision : client.resources(MeshRevision.class).list().getItems()) {
            var status = revision.getStatus();
            var replicas =
                    status == null ? List.<MeshRevisionStatus.Replica>of() : status.replicas();
            for (var replica : replicas) {
                for (var count : replica.versions()) {
                    if (count.proxies() > 0) {
                        pairs.add(pair(count.version(), revision.getSpec().version()));
                    }
                }
                if (replica.nacks() > 0) {
                    nacks.add(
                            Names.revision(revision.getSpec().version())
                                    + ": "
                                    + replica.lastNack());
                }
            }
        }
    }

    @Override
    public void close() {
        ended = true;
        watching.interrupt();
    }
}
