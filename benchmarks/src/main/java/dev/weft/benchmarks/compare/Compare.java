package dev.weft.benchmarks.compare;

import com.google.gson.GsonBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `benchmarks/compare`.
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false,
        description = {
            "Compares Weft's proxy with Envoy on this machine: both serve the same load in turns.",
            "",
            "Proxies share one core, load generator and application another. A row is void when an answer was wrong or the load generator"
                    + " used more than 90 %% of its core, or the proxies that wait more than 2 %% of theirs. Status 3: every row is void. Progress goes to standard error, results to standard output."
        })
public final class Compare implements Callable<Integer> {
    /// The status where no row counts.
    private static final int ALL_VOID = 3;

    enum Output {
        TABLE,
        JSON
    }

    enum What {
        /// Start and memory of proxies that carry nothing.
        IDLE,
        LOAD
    }

    @Option(
            names = {"-o", "--output"},
            description = "${COMPLETION-CANDIDATES}.",
            paramLabel = "FORMAT",
            defaultValue = "table")
    private Output output = Output.TABLE;

    @Option(names = "--quick", description = "64 connections only, two short rounds.")
    private boolean quick;

    @Option(
            names = "--only",
            split = ",",
            description = "What to measure: ${COMPLETION-CANDIDATES}; all if not given.")
    private List<What> only = List.of(What.values());

    @Option(
            names = "--path",
            split = ",",
            paramLabel = "PATH",
            description = "${COMPLETION-CANDIDATES}; all if not given.")
    private List<Topology> paths = List.of(Topology.values());

    @Option(
            names = "--protocol",
            split = ",",
            paramLabel = "PROTOCOL",
            description = "${COMPLETION-CANDIDATES}; all if not given.")
    private List<Protocol> protocols = List.of(Protocol.values());

    @Option(
            names = "--body",
            split = ",",
            paramLabel = "BYTES",
            description = "Sizes of answers; for TCP of messages.",
            defaultValue = "1024,65536")
    private List<Integer> bodies = List.of();

    @Option(
            names = "--connections",
            split = ",",
            paramLabel = "N",
            description = "Numbers of connections (1,64,1000; with --quick 64).")
    private @Nullable List<Integer> connections;

    @Option(names = "--rounds", paramLabel = "N", description = "Turns of each (5; quick: 2).")
    private @Nullable Integer rounds;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Length of a measurement, of which a round has two (4; quick: 2).")
    private @Nullable Integer seconds;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description = "Requests a second for percentiles.",
            defaultValue = "1000")
    private int rate;

    @Option(
            names = "--proxy-core",
            paramLabel = "CPU",
            description = "The processor of the proxies.",
            defaultValue = "1")
    private int proxyCore;

    @Option(
            names = "--load-core",
            paramLabel = "CPU",
            description = "The processor of load generator and application.",
            defaultValue = "0")
    private int loadCore;

    @Option(
            names = "--weft-jvm-option",
            paramLabel = "OPTION",
            description =
                    "One more option for the proxy's JVM, to try or to profile something. Rows are no longer those of the image.")
    private List<String> jvmOptions = List.of();

    @Option(names = "--weft-image", hidden = true, required = true)
    private Path weftImage = Path.of("");

    @Option(names = "--weft-main", hidden = true, required = true)
    private Path weftMain = Path.of("");

    @Option(names = "--envoy", hidden = true, required = true)
    private Path envoyProgram = Path.of("");

    public static void main(String... arguments) {
        System.exit(
                new CommandLine(new Compare())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        pin();
        var work = Files.createTempDirectory("weft-compare-");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> tidy(work)));
        var loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try (var app = new App(loops)) {
            var bench =
                    new Bench(
                            new Weft(weftImage, weftMain, jvmOptions, proxyCore, work),
                            new Envoy(envoyProgram, proxyCore, work),
                            app,
                            loops.next(),
                            pace(),
                            System.err::println);
            var rows = new ArrayList<Row>();
            if (only.contains(What.IDLE)) {
                rows.addAll(bench.idle());
            }
            if (only.contains(What.LOAD)) {
                for (var path : paths) {
                    rows.addAll(bench.loaded(path, cases(path)));
                }
            }
            print(rows);
            return rows.stream().allMatch(row -> row.voided() != null) ? ALL_VOID : 0;
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private Bench.Pace pace() {
        int length = seconds != null ? seconds : quick ? 2 : 4;
        return new Bench.Pace(
                rounds != null ? rounds : quick ? 2 : 5,
                Duration.ofSeconds(quick ? 3 : 6),
                Duration.ofSeconds(length),
                rate);
    }

    /// Ever more connections: memory with 64 is measured before there were more.
    private List<Case> cases(Topology path) {
        var cases = new ArrayList<Case>();
        var counts = connections != null ? connections : quick ? List.of(64) : List.of(1, 64, 1000);
        for (int count : counts) {
            for (int body : bodies) {
                for (var protocol : protocols) {
                    cases.add(new Case(path, protocol, body, count));
                }
            }
        }
        return cases;
    }

    /// This process, load generator and application, to its core.
    private void pin() {
        int cores = Runtime.getRuntime().availableProcessors();
        System.err.printf(
                "%d processors: proxies on %d, load generator and application on %d%n",
                cores, proxyCore, loadCore);
        try {
            var status =
                    new ProcessBuilder(
                                    "taskset",
                                    "--all-tasks",
                                    "--pid",
                                    "--cpu-list",
                                    Integer.toString(loadCore),
                                    Long.toString(ProcessHandle.current().pid()))
                            .redirectErrorStream(true)
                            .redirectOutput(new File("/dev/null"))
                            .start()
                            .waitFor();
            if (status != 0) {
                throw new IllegalStateException("processor " + loadCore + " cannot be had");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the program taskset (util-linux) is missing", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A run that is broken off leaves nothing behind.
    private static void tidy(Path work) {
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
        delete(work);
    }

    static String json(List<Row> rows) {
        return new GsonBuilder()
                .serializeNulls()
                .serializeSpecialFloatingPointValues()
                .create()
                .toJson(Map.of("rows", rows));
    }

    private void print(List<Row> rows) {
        switch (output) {
            case JSON -> System.out.println(json(rows));
            case TABLE -> {
                System.out.printf(
                        "%-8s %-5s %6s %5s  %-29s %12s %12s %6s  %s%n",
                        "path", "proto", "body", "conns", "metric", "weft", "envoy", "ratio", "");
                rows.forEach(row ->
                        System.out.printf(
                                "%-8s %-5s %6s %5s  %-29s %12s %12s %6s  %s%n",
                                dash(row.path()),
                                dash(row.protocol()),
                                dash(row.body()),
                                dash(row.connections()),
                                row.metric(),
                                number(row.weft()),
                                number(row.envoy()),
                                number(row.ratio()),
                                row.voided() != null
                                        ? "void: " + row.voided()
                                        : row.ratios().toString()));
            }
        }
    }

    private static String dash(@Nullable Object value) {
        return value == null ? "-" : value.toString();
    }

    private static String number(@Nullable Double value) {
        return value == null
                ? "-"
                : String.format(Locale.ROOT, value >= 1000 ? "%,.0f" : "%.2f", value);
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.err.println(folder + " is left: " + e);
        }
    }
}
