package dev.weft.e2e.app;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// The load generator's process: runs the load that its environment names, or those that it is told
/// to run. SIGTERM ends them all; what is outstanding is waited for.
final class LoadGenerators implements LoadControl {
    private static final int WARM_UP_REQUESTS = 600;

    private final AppSettings settings;
    private final LoadClient client;
    private final Optional<RecorderClient> recorder;
    private final Map<String, LoadGenerator> running = new ConcurrentHashMap<>();

    private LoadGenerators(AppSettings settings, LoadClient client) {
        this.settings = settings;
        this.client = client;
        this.recorder = settings.recorder().map(RecorderClient::new);
    }

    static void run(AppSettings settings, LoadSettings load) throws Exception {
        System.setProperty("vertx.disableDnsResolver", "true");
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setWorkerPoolSize(4));
        var generators =
                new LoadGenerators(
                        settings, new LoadClient(vertx, load.domain(), Protocol::servicePort));
        warmUp(vertx);
        AppServer.start(
                settings,
                new SeenRequests(named(settings.pod())),
                generators,
                AppServer.HTTP_PORT,
                AppServer.GRPC_PORT,
                AppServer.ECHO_PORT,
                AppServer.GREETING_PORT);
        Runtime.getRuntime().addShutdownHook(new Thread(generators::endAll));
        if (!load.services().isEmpty()) {
            generators.begin(settings.pod(), load.services(), load.perProtocol());
        }
        new CountDownLatch(1).await();
    }

    /// Two loads of one name are not one.
    private static String named(String load) {
        return load + "-" + UUID.randomUUID().toString().substring(0, 4);
    }

    @Override
    public JsonObject begin(String load, List<String> services, int perProtocol) {
        var generator = new LoadGenerator(settings, client, named(load));
        if (running.putIfAbsent(load, generator) != null) {
            return LoadControl.error(load + " runs already");
        }
        Thread.ofVirtual().start(() -> generator.follow(new Schedule(services, perProtocol)));
        recorder.ifPresent(to -> Thread.ofVirtual().start(() -> generator.reportEverySecond(to)));
        System.out.println(generator.name() + " sends");
        return new JsonObject();
    }

    @Override
    public JsonObject end(String load) {
        var generator = running.remove(load);
        if (generator == null) {
            return notRunning(load);
        }
        generator.stop();
        recorder.ifPresent(generator::reportLast);
        return new JsonObject();
    }

    private void endAll() {
        running.values().forEach(LoadGenerator::stop);
        running.keySet().forEach(this::end);
    }

    @Override
    public JsonObject burst(String load, String service, int requests) {
        var generator = running.get(load);
        return generator == null ? notRunning(load) : generator.burst(service, requests);
    }

    private static JsonObject notRunning(String load) {
        return LoadControl.error(load + " does not run");
    }

    /// Sends requests of every kind to a server in this process, which is closed again: a load
    /// generator whose code is still cold would measure itself.
    private static void warmUp(Vertx vertx) throws Exception {
        var own = new AppSettings("warm-up", "localhost", "v1", false, Optional.empty());
        try (var server =
                AppServer.start(own, new SeenRequests("warm-up"), LoadControl.NONE, 0, 0, 0, 0)) {
            var client =
                    new LoadClient(
                            vertx,
                            "",
                            protocol ->
                                    protocol == Protocol.GRPC
                                            ? server.grpcPort()
                                            : server.httpPort());
            var generator = new LoadGenerator(own, client, "warm-up");
            generator.warmUp(WARM_UP_REQUESTS, Duration.ofSeconds(20));
            client.close();
        }
    }
}
