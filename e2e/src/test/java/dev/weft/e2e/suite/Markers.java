package dev.weft.e2e.suite;

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

    private Markers(App from, String marker) {
        URLS.forEach(url -> arrived.put(url, 0));
        sending = Thread.ofVirtual().start(() -> sendOn(from, marker));
    }

    public static Markers send(App from, String marker) {
        return new Markers(from, marker);
    }

    private void sendOn(App from, String marker) {
        while (!ended.get()) {
            for (String url : URLS) {
                if (from.call(url.formatted(TestMesh.host("web")), marker).status() == 200) {
                    arrived.merge(url, 1, Integer::sum);
                }
            }
        }
    }

    /// How many were answered, by protocol.
    public Map<String, Integer> arrived() {
        return Map.copyOf(arrived);
    }

    @Override
    public void close() throws InterruptedException {
        ended.set(true);
        sending.join();
    }
}
