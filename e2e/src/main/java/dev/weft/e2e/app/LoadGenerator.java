package dev.weft.e2e.app;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// An open loop: requests start when the plan says so, whether or not earlier ones were answered,
/// and their latency counts from then.
final class LoadGenerator {
    private static final int BURST_CONNECTIONS = 8;

    private final AppSettings settings;
    private final LoadClient client;
    private final Tally tally;
    private final String name;
    private final AtomicBoolean stopped = new AtomicBoolean();

    LoadGenerator(AppSettings settings, LoadClient client, String name) {
        this.settings = settings;
        this.client = client;
        this.name = name;
        this.tally = new Tally(name);
    }

    String name() {
        return name;
    }

    /// Sends to this very machine until so many are answered, or for so long.
    void warmUp(int requests, Duration atMost) throws InterruptedException {
        var running =
                Thread.ofVirtual().start(() -> follow(new Schedule(List.of("localhost"), 100)));
        long giveUp = System.nanoTime() + atMost.toNanos();
        while (tally.finished() < requests && System.nanoTime() < giveUp) {
            sleepUntil(System.nanoTime() + 20_000_000);
        }
        stop();
        running.join();
    }

    /// Blocks until stopped.
    void follow(Schedule schedule) {
        long start = System.nanoTime();
        for (int position = 0; !stopped.get(); position++) {
            long due = start + schedule.dueNanos(position);
            sleepUntil(due);
            var sequence = tally.issueUnless(stopped::get);
            if (sequence.isEmpty()) {
                return;
            }
            var planned = schedule.at(position);
            var request =
                    new Schedule.Planned(
                            sequence.getAsInt(),
                            planned.protocol(),
                            planned.service(),
                            planned.fresh(),
                            planned.post());
            tally.sent(request, System.currentTimeMillis());
            send(request, due, _ -> {});
        }
    }

    private void send(Schedule.Planned request, long due, Consumer<Outcome> then) {
        var id = new RequestId(name, request.sequence());
        var once = new AtomicBoolean();
        client.send(
                request,
                id,
                result -> {
                    if (once.compareAndSet(false, true)) {
                        var latency = Duration.ofNanos(System.nanoTime() - due);
                        var outcome =
                                Outcome.judge(request, id, settings.meshed(), result, latency);
                        tally.finish(outcome, System.currentTimeMillis());
                        then.accept(outcome);
                    }
                });
    }

    /// See [LoadControl#burst].
    JsonObject burst(String service, int requests) {
        var free = new Semaphore(BURST_CONNECTIONS);
        var failed = new AtomicInteger();
        Map<String, Integer> versions = new TreeMap<>();
        try {
            for (int i = 0; i < requests; i++) {
                free.acquire();
                var request =
                        new Schedule.Planned(
                                tally.issue(), Protocol.HTTP1, service, false, i % 4 == 3);
                send(
                        request,
                        System.nanoTime(),
                        outcome -> {
                            if (outcome.failure().isPresent()) {
                                failed.incrementAndGet();
                            } else {
                                synchronized (versions) {
                                    versions.merge(outcome.version(), 1, Integer::sum);
                                }
                            }
                            free.release();
                        });
            }
            free.acquire(BURST_CONNECTIONS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
        var counts = new JsonObject();
        synchronized (versions) {
            versions.forEach(counts::put);
        }
        return new JsonObject()
                .put("requests", requests)
                .put("failed", failed.get())
                .put("versions", counts);
    }

    /// No new requests; returns when those that are outstanding are answered or have failed.
    void stop() {
        stopped.set(true);
        long giveUp = System.nanoTime() + Outcome.LIMIT.plusSeconds(5).toNanos();
        while (tally.outstanding() > 0 && System.nanoTime() < giveUp) {
            sleepUntil(System.nanoTime() + 20_000_000);
        }
    }

    Tally tally() {
        return tally;
    }

    /// Tells the recorder how far it is, until stopped.
    void reportEverySecond(RecorderClient recorder) {
        while (!stopped.get()) {
            recorder.post("/sent", tally.snapshot(false));
            sleepUntil(System.nanoTime() + 1_000_000_000);
        }
    }

    /// Tells the recorder the end of it.
    void reportLast(RecorderClient recorder) {
        var last = tally.snapshot(true);
        for (int attempt = 0; attempt < 40 && !recorder.post("/sent", last); attempt++) {
            sleepUntil(System.nanoTime() + 250_000_000);
        }
    }

    private static void sleepUntil(long nanoTime) {
        try {
            for (long left = nanoTime - System.nanoTime();
                    left > 0;
                    left = nanoTime - System.nanoTime()) {
                Thread.sleep(Duration.ofNanos(left));
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
