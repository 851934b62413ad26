package dev.weft.e2e.app;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// An open loop: requests start when the plan says so, whether or not earlier ones were answered,
/// and their latency counts from then. SIGTERM ends the plan; what is outstanding is waited for.
final class LoadGenerator implements Burst {
    private static final int BURST_CONNECTIONS = 8;
    private static final int WARM_UP_REQUESTS = 600;

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

    static void run(AppSettings settings, LoadSettings load) throws Exception {
        System.setProperty("vertx.disableDnsResolver", "true");
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(4));
        var generator =
                new LoadGenerator(
                        settings,
                        new LoadClient(vertx, load.domain(), Protocol::servicePort),
                        settings.pod() + "-" + UUID.randomUUID().toString().substring(0, 4));
        warmUp(vertx);
        var seen = new SeenRequests(generator.name);
        AppServer.start(
                settings,
                seen,
                generator,
                AppServer.HTTP_PORT,
                AppServer.GRPC_PORT,
                AppServer.ECHO_PORT,
                AppServer.GREETING_PORT);
        var recorder = settings.recorder().map(RecorderClient::new);
        recorder.ifPresent(to -> Thread.ofVirtual().start(() -> generator.reportEverySecond(to)));
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> {
                            generator.stop();
                            recorder.ifPresent(generator::reportLast);
                        }));
        System.out.println(generator.name + " sends");
        generator.follow(new Schedule(load.services(), load.perProtocol()));
        new CountDownLatch(1).await();
    }

    /// Sends requests of every kind to a server in this process, which is closed again: a load
    /// generator whose code is still cold would measure itself.
    private static void warmUp(Vertx vertx) throws Exception {
        var own = new AppSettings("warm-up", "localhost", "v1", false, Optional.empty());
        try (var server =
                AppServer.start(own, new SeenRequests("warm-up"), Burst.NONE, 0, 0, 0, 0)) {
            var client =
                    new LoadClient(
                            vertx,
                            "",
                            protocol ->
                                    protocol == Protocol.GRPC
                                            ? server.grpcPort()
                                            : server.httpPort());
            var generator = new LoadGenerator(own, client, "warm-up");
            var running =
                    Thread.ofVirtual()
                            .start(() -> generator.follow(new Schedule(List.of("localhost"), 100)));
            long giveUp = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (generator.tally.finished() < WARM_UP_REQUESTS && System.nanoTime() < giveUp) {
                sleepUntil(System.nanoTime() + 20_000_000);
            }
            generator.stop();
            running.join();
            client.close();
        }
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

    @Override
    public JsonObject run(String service, int requests) {
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

    private void reportEverySecond(RecorderClient recorder) {
        while (!stopped.get()) {
            recorder.post("/sent", tally.snapshot(false));
            sleepUntil(System.nanoTime() + 1_000_000_000);
        }
    }

    private void reportLast(RecorderClient recorder) {
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
