package dev.weft.e2e.suite;

import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.mesh.LoadBooks;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;

/// The requests of one test: they are sent from the start to [#end].
public final class Load implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(120);

    private final LoadBooks books;
    private final String name;
    private final Runnable stop;
    private boolean stopped;

    private Load(LoadBooks books, String name, Runnable stop) {
        this.books = books;
        this.name = name;
        this.stop = stop;
    }

    /// Tells a load generator that runs already. Returns once requests are being answered.
    static Load start(
            LoadBooks books, App generator, String name, String targets, int perProtocol) {
        tell(generator, "begin?name=%s&targets=%s&rate=%d".formatted(name, targets, perProtocol));
        return new Load(books, name, () -> tell(generator, "end?name=" + name))
                .started(perProtocol, () -> {});
    }

    private static void tell(App generator, String command) {
        var answer = new JsonObject(generator.get("/load/" + command, Duration.ofSeconds(40)));
        if (answer.containsKey("error")) {
            throw new IllegalStateException(answer.getString("error"));
        }
    }

    /// Starts a pod that calls out from its first millisecond on. Returns once requests are being
    /// answered.
    static Load startInNewPod(
            LoadBooks books, Workloads workloads, String name, String targets, int perProtocol) {
        workloads.start(
                generator(name, books)
                        .env("TARGETS", targets)
                        .env("RATE", Integer.toString(perProtocol)));
        var load = new Load(books, name, () -> books.end(TestMesh.MESHED, name));
        return load.started(
                perProtocol, () -> workloads.awaitRolledOut(TestMesh.MESHED, name, START));
    }

    /// A load generator that waits to be told.
    static Workload generator(String name, LoadBooks books) {
        return Workload.server(TestMesh.MESHED, name)
                .cpu("100m")
                .role(
                        "loadgen",
                        Map.of("RECORDER", books.url(), "TARGET_NAMESPACE", TestMesh.MESHED));
    }

    private Load started(int perProtocol, Runnable ready) {
        try {
            ready.run();
            awaitMore(perProtocol);
            return this;
        } catch (RuntimeException notStarted) {
            close();
            throw notStarted;
        }
    }

    /// Waits until so many more requests are finished.
    public void awaitMore(long requests) {
        awaitMore(requests, Duration.ofSeconds(90));
    }

    public void awaitMore(long requests, Duration atMost) {
        long before = now().finishedInAll();
        Until.isTrue(
                requests + " more requests",
                atMost,
                () -> now().finishedInAll() >= before + requests,
                () -> now().toString());
    }

    public LoadReport now() {
        return books.report(name + "-");
    }

    /// Ends it; the report is final.
    public LoadReport end() {
        close();
        return books.settled(name + "-");
    }

    @Override
    public void close() {
        if (!stopped) {
            stopped = true;
            stop.run();
        }
    }
}
