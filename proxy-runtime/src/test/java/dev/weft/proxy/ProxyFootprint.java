package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;

import dev.weft.proxy.bootstrap.Paths;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Measures what a proxy's process costs: its start, its memory idle and under load, and the CPU
/// time of a request. `benchmarks/footprint` runs it inside of the image's file system, where
/// nothing but loopback is to be seen.
///
/// Each run is a pod's life: a first start, which asks for a certificate; an end by SIGTERM; a
/// restart, which finds certificate and configuration in the state folder; then load over so many
/// connections that stay open, first in clear to the outbound side, then by mesh TLS to the inbound
/// side of the same process. So it has the work of two sidecars.
public final class ProxyFootprint {
    private static final int CONNECTIONS = 64;
    private static final Duration SETTLE = Duration.ofSeconds(2);
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final Duration LOAD = Duration.ofSeconds(4);
    private static final byte[] REQUEST =
            """
            GET /some/path HTTP/1.1\r
            host: service.shop.svc.cluster.local\r
            user-agent: footprint\r
            accept: */*\r
            \r
            """
                    .getBytes(StandardCharsets.US_ASCII);

    /// Kernel clock ticks are hundredths of a second on every Linux that Java runs on.
    private static final int MILLIS_PER_TICK = 10;

    private final List<String> command;
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();

    private ProxyFootprint(List<String> command) {
        this.command = command;
    }

    /// @param arguments how many runs, then the command that starts the proxy
    public static void main(String... arguments) throws IOException, InterruptedException {
        var command = List.of(arguments).subList(1, arguments.length);
        var footprint = new ProxyFootprint(command);
        int runs = Integer.parseInt(arguments[0]);
        try (var _ = new LoopMesh()) {
            for (int run = 1; run <= runs; run++) {
                footprint.measure(run == runs);
            }
        }
        footprint.tell();
        System.exit(0);
    }

    private void measure(boolean last) throws IOException, InterruptedException {
        for (var kept : List.of(Paths.CONTRACT.identity(), Paths.CONTRACT.lastGood())) {
            Files.deleteIfExists(kept);
        }
        live("first start", _ -> {});
        live(
                "restart",
                proxy -> {
                    LockSupport.parkNanos(SETTLE.toNanos());
                    memory("idle", proxy);
                    load(proxy);
                    note("threads", threads(proxy));
                    if (last && command.contains("-XX:NativeMemoryTracking=summary")) {
                        details(proxy);
                    }
                });
    }

    private interface Life {
        void use(Process proxy) throws IOException, InterruptedException;
    }

    private void live(String how, Life life) throws IOException, InterruptedException {
        long began = System.nanoTime();
        var proxy =
                new ProcessBuilder(command)
                        .redirectOutput(Redirect.DISCARD)
                        .redirectError(Redirect.DISCARD)
                        .start();
        try {
            eventually("the proxy is ready", ProxyFootprint::ready);
            note(how + " to ready, ms", (System.nanoTime() - began) / 1e6);
            note(how + " to ready, CPU ms", cpuMillis(proxy));
            life.use(proxy);
            proxy.destroy();
            proxy.waitFor();
        } finally {
            proxy.destroyForcibly();
        }
    }

    private static boolean ready() {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), 15021)) {
            socket.getOutputStream()
                    .write(
                            "GET /ready HTTP/1.1\r\nhost: x\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            return status(new BufferedInputStream(socket.getInputStream())) == 200;
        } catch (IOException e) {
            return false;
        }
    }

    private void load(Process proxy) throws IOException, InterruptedException {
        var answered = new AtomicLong();
        var end = System.nanoTime() + WARM_UP.plus(LOAD).toNanos();
        var results = new ArrayList<Future<?>>();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CONNECTIONS; i++) {
                results.add(clients.submit(client(answered, end)));
            }
            LockSupport.parkNanos(WARM_UP.toNanos());
            long requestsBefore = answered.get();
            double cpuBefore = cpuMillis(proxy);
            LockSupport.parkNanos(end - System.nanoTime() - Duration.ofMillis(200).toNanos());
            long requests = answered.get() - requestsBefore;
            note("CPU per request, us", (cpuMillis(proxy) - cpuBefore) * 1000 / requests);
            note("requests/s", requests / (double) LOAD.toSeconds());
            memory("loaded", proxy);
        }
        for (var result : results) {
            try {
                result.get();
            } catch (ExecutionException e) {
                throw new IOException("a request has failed", e.getCause());
            }
        }
    }

    private static Callable<Void> client(AtomicLong answered, long end) {
        return () -> {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), LoopMesh.OUTBOUND)) {
                socket.setTcpNoDelay(true);
                var in = new BufferedInputStream(socket.getInputStream());
                while (System.nanoTime() < end) {
                    socket.getOutputStream().write(REQUEST);
                    int status = status(in);
                    in.skipNBytes(2);
                    if (status != 200) {
                        throw new IOException("status " + status);
                    }
                    answered.incrementAndGet();
                }
            }
            return null;
        };
    }

    /// Reads an answer's head.
    private static int status(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("closed within " + head);
            }
            head.append((char) next);
        }
        return Integer.parseInt(head.substring(9, 12));
    }

    private void memory(String when, Process proxy) throws IOException {
        var fields = new LinkedHashMap<String, Long>();
        for (var line :
                Files.readAllLines(Path.of("/proc", Long.toString(proxy.pid()), "smaps_rollup"))) {
            var words = line.split("\\s+", -1);
            if (words.length == 3) {
                fields.put(words[0], Long.parseLong(words[1]));
            }
        }
        note(when + " RSS, MB", mega(fields, "Rss:"));
        note(when + " anonymous, MB", mega(fields, "Anonymous:"));
    }

    private static double mega(Map<String, Long> fields, String name) {
        return fields.getOrDefault(name, 0L) / 1024.0;
    }

    private static double threads(Process proxy) throws IOException {
        try (var tasks = Files.list(Path.of("/proc", Long.toString(proxy.pid()), "task"))) {
            return tasks.count();
        }
    }

    private static double cpuMillis(Process proxy) throws IOException {
        var stat = Files.readString(Path.of("/proc", Long.toString(proxy.pid()), "stat"));
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 14);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MILLIS_PER_TICK;
    }

    private static void details(Process proxy) throws IOException {
        jcmd(proxy, "VM.native_memory", "summary");
        jcmd(proxy, "GC.heap_info");
        jcmd(proxy, "GC.class_histogram");
        jcmd(proxy, "Thread.print");
        System.err.println(Files.readString(Path.of("/proc", Long.toString(proxy.pid()), "smaps")));
    }

    private static void jcmd(Process proxy, String... what) throws IOException {
        var command = new ArrayList<>(List.of("/opt/java/bin/jcmd", Long.toString(proxy.pid())));
        command.addAll(List.of(what));
        var jcmd = new ProcessBuilder(command).redirectErrorStream(true).start();
        System.err.println(
                new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    private void note(String figure, double value) {
        figures.computeIfAbsent(figure, _ -> new ArrayList<>()).add(value);
    }

    private void tell() {
        System.out.printf("%-30s %9s %9s %9s%n", "", "min", "median", "max");
        figures.forEach((figure, values) -> {
            var sorted = values.stream().sorted().toList();
            System.out.printf(
                    "%-30s %9.1f %9.1f %9.1f%n",
                    figure, sorted.getFirst(), sorted.get(sorted.size() / 2), sorted.getLast());
        });
    }
}
