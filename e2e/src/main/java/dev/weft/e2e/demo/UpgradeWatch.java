package dev.weft.e2e.demo;

import dev.weft.e2e.mesh.Workloads;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Watches the meshed pods of a namespace during an upgrade: who was there before, whose proxy was
/// patched, and whether its counters were rising just then.
final class UpgradeWatch implements AutoCloseable {
    private final KubernetesClient client;
    private final Workloads workloads;
    private final String namespace;
    private final Map<String, Before> before = new TreeMap<>();
    private final Thread sampling;
    private volatile boolean ended;

    /// A pod as it was. `rising` is the last finding before the patch.
    private static final class Before {
        private final String uid;
        private final String version;
        private final String image;
        private double requests;
        private boolean rising;
        private boolean patched;

        Before(String uid, String version, String image) {
            this.uid = uid;
            this.version = version;
            this.image = image;
        }
    }

    private UpgradeWatch(KubernetesClient client, Workloads workloads, String namespace) {
        this.client = client;
        this.workloads = workloads;
        this.namespace = namespace;
        for (Pod pod : workloads.meshedPods(namespace)) {
            String name = pod.getMetadata().getName();
            before.put(
                    name,
                    new Before(
                            pod.getMetadata().getUid(),
                            ProxyProbe.version(client, namespace, name),
                            Workloads.proxyImage(pod).orElse("")));
        }
        this.sampling = Thread.ofVirtual().name("upgrade-watch").unstarted(this::sample);
    }

    static UpgradeWatch start(KubernetesClient client, Workloads workloads, String namespace) {
        var watch = new UpgradeWatch(client, workloads, namespace);
        watch.sampling.start();
        return watch;
    }

    private void sample() {
        while (!ended) {
            for (Pod pod : workloads.meshedPods(namespace)) {
                var known = before.get(pod.getMetadata().getName());
                if (known != null) {
                    sample(pod, known);
                }
            }
            try {
                Thread.sleep(Duration.ofMillis(700));
            } catch (InterruptedException ending) {
                return;
            }
        }
    }

    private void sample(Pod pod, Before known) {
        if (known.patched) {
            return;
        }
        if (!Workloads.proxyImage(pod).orElse("").equals(known.image)) {
            known.patched = true;
            return;
        }
        try {
            double requests = ProxyProbe.requests(client, namespace, pod.getMetadata().getName());
            known.rising = requests > known.requests && known.requests > 0;
            known.requests = requests;
        } catch (KubernetesClientException notNow) {
            // The proxy may be ending just now: the last finding stands.
        }
    }

    /// Ends the watch and asks every proxy once more.
    List<UpgradeFinding.PodFinding> findings() throws InterruptedException {
        close();
        sampling.join();
        var now = new TreeMap<String, Pod>();
        workloads.meshedPods(namespace).forEach(pod -> now.put(pod.getMetadata().getName(), pod));
        var findings = new ArrayList<UpgradeFinding.PodFinding>();
        before.forEach((name, known) -> findings.add(finding(name, known, now.remove(name))));
        now.forEach((name, pod) ->
                findings.add(
                        new UpgradeFinding.PodFinding(
                                name,
                                "",
                                ProxyProbe.version(client, namespace, name),
                                false,
                                Workloads.appRestarts(pod),
                                false)));
        return findings;
    }

    private UpgradeFinding.PodFinding finding(String name, Before known, @Nullable Pod pod) {
        if (pod == null) {
            return new UpgradeFinding.PodFinding(name, known.version, "gone", false, 0, false);
        }
        return new UpgradeFinding.PodFinding(
                name,
                known.version,
                ProxyProbe.version(client, namespace, name),
                pod.getMetadata().getUid().equals(known.uid),
                Workloads.appRestarts(pod),
                known.patched && known.rising);
    }

    @Override
    public void close() {
        ended = true;
        sampling.interrupt();
    }
}
