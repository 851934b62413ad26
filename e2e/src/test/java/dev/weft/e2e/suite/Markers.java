package dev.weft.e2e.suite;

import dev.weft.e2e.mesh.Until;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Calls of an application whose bodies carry a text that nobody else may read, over every protocol
/// in turn, until it is closed.
public final class Markers implements AutoCloseable {
    private static final List<String> URLS =
            List.of("http://%s/echo", "grpc://%s:9090", "tcp://%s:9100");

    private final Map<String, Integer> arrived = new ConcurrentSkipListMap<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread sending;
    private volatile String lastMiss = "none";

    private Markers(App from, String marker) {
        URLS.forEach(url -> arrived.put(url, 0));
        sending = Thread.ofVirtual().start(() -> sendOn(from, marker));
    }

    public static Markers send(App from, String marker) {
        return new Markers(from, marker);
    }

    private void sendOn(App from, String marker) {
        while (!ended.get()) {
            URLS.forEach(url -> send(from, url, marker));
        }
    }

    /// A forward to the pod that breaks says nothing about the mesh: the next one is tried.
    private void send(App from, String url, String marker) {
        try {
            var answer = from.call(url.formatted(TestMesh.host("web")), marker);
            if (answer.status() == 200) {
                arrived.merge(url, 1, Integer::sum);
            } else {
                lastMiss = url + ": " + answer;
            }
        } catch (RuntimeException notAsked) {
            lastMiss = url + ": " + notAsked;
        }
    }

    /// Waits until more than so many were answered over each of the protocols, from the first on.
    public void awaitEach(int more) {
        Until.isTrue(
                "more than " + more + " markers over each protocol",
                Duration.ofSeconds(60),
                () -> arrived.values().stream().allMatch(count -> count > more),
                () -> arrived + ", last miss: " + lastMiss);
    }

    @Override
    public void close() throws InterruptedException {
        ended.set(true);
        sending.join();
    }
}
