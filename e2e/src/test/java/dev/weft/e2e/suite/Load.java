package dev.weft.e2e.suite;

import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.mesh.LoadBooks;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.mesh.Workload;
import dev.weft.e2e.mesh.Workloads;
import java.time.Duration;
import java.util.Map;

/// A load generator of its own for one test: runs from [#start] to [#end].
public final class Load implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(120);

    private final LoadBooks books;
    private final Workloads workloads;
    private final String name;

    private Load(LoadBooks books, Workloads workloads, String name) {
        this.books = books;
        this.workloads = workloads;
        this.name = name;
    }

    /// Returns once requests are being answered.
    static Load start(
            LoadBooks books, Workloads workloads, String name, String targets, int perProtocol) {
        workloads.start(
                Workload.server(TestMesh.MESHED, name)
                        .cpu("100m")
                        .role(
                                "loadgen",
                                Map.of(
                                        "RECORDER",
                                        books.url(),
                                        "TARGETS",
                                        targets,
                                        "TARGET_NAMESPACE",
                                        TestMesh.MESHED,
                                        "RATE",
                                        Integer.toString(perProtocol))));
        var load = new Load(books, workloads, name);
        try {
            workloads.awaitRolledOut(TestMesh.MESHED, name, START);
            load.awaitMore(3 * perProtocol);
            return load;
        } catch (RuntimeException notStarted) {
            load.close();
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
        return books.end(TestMesh.MESHED, name);
    }

    @Override
    public void close() {
        workloads.scale(TestMesh.MESHED, name, 0);
    }
}
