package dev.weft.proxy.telemetry;

import dev.weft.proxy.health.Answer;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What Prometheus scrapes. From any thread.
public final class ProxyMetrics {
    /// More peers than this share the label `other`, until others have not been seen for long:
    /// series are memory, here and where they are scraped.
    static final int MAX_PEERS = 200;

    private static final String UNKNOWN = "unknown";
    private static final String OTHER = "other";
    private static final int OTHER_GRPC_STATUS = Integer.MAX_VALUE;
    private static final int PAGE_BYTES = 4096;
    private static final String[] REQUEST_LABELS = {
        "direction", "protocol", "status_class", "source", "destination", "mtls"
    };

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final PeerNames peers = new PeerNames(MAX_PEERS);
    private final Map<Between, Series> series = new ConcurrentHashMap<>();
    private final Map<Between, CounterDataPoint> connectionSeries = new ConcurrentHashMap<>();
    private final AtomicLong longestHoldMillis = new AtomicLong();
    private volatile String self = UNKNOWN;

    /// What requests have in common that are counted together.
    private record Between(
            Direction direction,
            String protocol,
            int statusClass,
            String self,
            String peer,
            boolean mtls,
            int grpcStatus) {
        private Between {
            // Whatever number a service makes up, series are few.
            grpcStatus =
                    grpcStatus < 0 || GrpcCode.isKnown(grpcStatus) ? grpcStatus : OTHER_GRPC_STATUS;
        }

        String[] request() {
            return new String[] {
                label(direction), protocol, classLabel(), source(), destination(), mtlsLabel()
            };
        }

        String[] grpcRequest() {
            var status =
                    grpcStatus == GrpcCode.NONE
                            ? "none"
                            : grpcStatus == OTHER_GRPC_STATUS
                                    ? OTHER
                                    : Integer.toString(grpcStatus);
            return and(request(), status);
        }

        String[] duration() {
            return new String[] {
                label(direction), classLabel(), source(), destination(), mtlsLabel()
            };
        }

        String[] connection() {
            return new String[] {label(direction), protocol, source(), destination(), mtlsLabel()};
        }

        boolean isGrpc() {
            return protocol.equals(RequestLog.GRPC);
        }

        private String classLabel() {
            return statusClass == 0 ? "none" : statusClass + "xx";
        }

        private String source() {
            return direction == Direction.INBOUND ? peer : self;
        }

        private String destination() {
            return direction == Direction.INBOUND ? self : peer;
        }

        private String mtlsLabel() {
            return Boolean.toString(mtls);
        }
    }

    /// Where they are counted. Looking for each of these by its labels costs more than counting.
    private record Series(
            CounterDataPoint requests,
            DistributionDataPoint durations,
            CounterDataPoint in,
            CounterDataPoint out) {}

    private final Counter requests = requestCounter(REQUEST_LABELS);

    /// The same metric, with a label more.
    private final Counter grpcRequests = requestCounter(and(REQUEST_LABELS, "grpc_status"));

    private final Histogram durations =
            Histogram.builder()
                    .name("weft_request_duration_seconds")
                    .help("From a request's first byte to the last of its answer.")
                    .labelNames("direction", "status_class", "source", "destination", "mtls")
                    .classicOnly()
                    .classicUpperBounds(
                            .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10)
                    .register(registry);
    private final Counter refusals =
            Counter.builder()
                    .name("weft_responses_flagged_total")
                    .help("Requests and connections that went wrong, by Envoy's response flags.")
                    .labelNames("direction", "flags")
                    .register(registry);
    private final Counter connections =
            Counter.builder()
                    .name("weft_connections_total")
                    .help("Connections carried as opaque bytes that have ended.")
                    .labelNames("direction", "protocol", "source", "destination", "mtls")
                    .register(registry);
    private final Counter bytes =
            Counter.builder()
                    .name("weft_bytes_total")
                    .help("Bytes of bodies and of opaque connections: in is towards the service.")
                    .labelNames("direction", "flow")
                    .register(registry);
    private final Counter held =
            Counter.builder()
                    .name("weft_held_total")
                    .help(
                            "Requests and connections that were kept waiting for an endpoint, for a millisecond or more.")
                    .labelNames("direction")
                    .register(registry);
    private final Counter xdsResponses =
            Counter.builder()
                    .name("weft_xds_responses_total")
                    .help("xDS responses by what became of them: ack, nack or ignored.")
                    .labelNames("type", "result")
                    .register(registry);
    private final Gauge xdsConnected =
            Gauge.builder()
                    .name("weft_xds_connected")
                    .help(
                            "1 while the control plane of this revision is connected and in agreement.")
                    .labelNames("revision")
                    .register(registry);
    private final Gauge certificateExpiry =
            Gauge.builder()
                    .name("weft_certificate_expiry_timestamp_seconds")
                    .help("When this pod's certificate ends.")
                    .register(registry);
    private final Gauge startToReady =
            Gauge.builder()
                    .name("weft_start_to_ready_seconds")
                    .help("From this process's start until it first was ready.")
                    .register(registry);
    private final Counter signings =
            Counter.builder()
                    .name("weft_certificate_signings_total")
                    .help("Certificates asked for, by result: signed or failed.")
                    .labelNames("result")
                    .register(registry);

    private final Counter checks =
            Counter.builder()
                    .name("weft_health_checks_total")
                    .help("Active health checks of endpoints, by how they ended.")
                    .labelNames("cluster", "result")
                    .register(registry);
    private final Counter spans =
            Counter.builder()
                    .name("weft_spans_total")
                    .help("Spans of traced requests, by what became of them: sent or dropped.")
                    .labelNames("result")
                    .register(registry);
    private final Gauge healthy =
            Gauge.builder()
                    .name("weft_endpoints_healthy")
                    .help("Endpoints that do not fail their active health checks.")
                    .labelNames("cluster")
                    .register(registry);

    /// @param logLinesDropped how many lines the access log had no room for
    public ProxyMetrics(String version, LongSupplier logLinesDropped) {
        Info.builder()
                .name("weft_build_info")
                .help("The build of this proxy.")
                .labelNames("version")
                .register(registry)
                .addLabelValues(version);
        registry.register(new OneCounter(requests, grpcRequests));
        gauge(
                "weft_held_milliseconds_max",
                "The longest time that a request or connection was kept waiting for an endpoint.",
                longestHoldMillis::get);
        gauge(
                "weft_access_log_dropped_lines",
                "Access log lines that were dropped because standard output did not keep up.",
                logLinesDropped);
        gauge("process_resident_memory_bytes", "Resident memory.", ProxyMetrics::residentBytes);
        gauge("weft_heap_used_bytes", "Heap in use, garbage included.", ProxyMetrics::heapBytes);
        gauge(
                "weft_direct_memory_used_bytes",
                "Buffers outside of the heap, those kept for reuse included.",
                () -> Math.max(0, PlatformDependent.usedDirectMemory()));
    }

    private static long heapBytes() {
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /// @param gaveWay how many connections were closed, or lost what they kept, for others
    /// @param streamsReset how many were ended that held most of the memory
    public void connections(LongSupplier gaveWay, LongSupplier streamsReset) {
        gauge(
                "weft_connections_gave_way",
                "Idle connections that were closed, and ones that lost a head that had begun, since"
                        + " there was no room.",
                gaveWay);
        gauge(
                "weft_high_memory_streams_reset",
                "Streams and connections that were ended while memory was short, since they held"
                        + " most of it.",
                streamsReset);
    }

    private void gauge(String name, String help, LongSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsLong()))
                .register(registry);
    }

    public void request(RequestLog log) {
        var between =
                new Between(
                        log.direction(),
                        log.protocol(),
                        log.status() / 100,
                        self,
                        peer(log, log.peer()),
                        log.mtls(),
                        log.grpcStatus());
        var known = series.get(between);
        if (known == null) {
            known = series(between, log);
        }
        known.requests().inc();
        known.durations().observe(log.duration().toNanos() / 1e9);
        add(known.in(), log.bytesIn());
        add(known.out(), log.bytesOut());
        common(log.direction(), log.flags(), log.held());
    }

    /// Peers come back, and series begin, one at a time: see [#makeRoom].
    private synchronized Series series(Between between, LogEntry log) {
        isBack(between.peer(), second(log));
        return series.computeIfAbsent(between, this::seriesOf);
    }

    private Series seriesOf(Between between) {
        var direction = label(between.direction());
        return new Series(
                between.isGrpc()
                        ? grpcRequests.labelValues(between.grpcRequest())
                        : requests.labelValues(between.request()),
                durations.labelValues(between.duration()),
                bytes.labelValues(direction, "in"),
                bytes.labelValues(direction, "out"));
    }

    void connection(ConnectionLog log) {
        var between =
                new Between(
                        log.direction(),
                        log.protocol(),
                        0,
                        self,
                        peer(log, log.peer()),
                        log.mtls(),
                        GrpcCode.NONE);
        var known = connectionSeries.get(between);
        if (known == null) {
            known = connectionSeries(between, log);
        }
        known.inc();
        String direction = label(log.direction());
        add(bytes.labelValues(direction, "in"), log.bytesIn());
        add(bytes.labelValues(direction, "out"), log.bytesOut());
        common(log.direction(), log.flags(), log.held());
    }

    private synchronized CounterDataPoint connectionSeries(Between between, LogEntry log) {
        isBack(between.peer(), second(log));
        return connectionSeries.computeIfAbsent(
                between, it -> connections.labelValues(it.connection()));
    }

    /// Whoever had to go a moment ago may be about to be counted.
    private void isBack(String peer, long now) {
        if (!peer.equals(UNKNOWN) && !peer.equals(OTHER)) {
            peers.keep(peer, now);
        }
    }

    /// The label for a peer, which is seen now.
    private String peer(LogEntry log, @Nullable String id) {
        if (id == null) {
            return UNKNOWN;
        }
        var now = second(log);
        if (peers.seen(id, now) || peers.add(id, now)) {
            return id;
        }
        if (peers.mayHaveRoom(now)) {
            makeRoom(now);
            return peers.add(id, now) ? id : OTHER;
        }
        return OTHER;
    }

    /// Ends the series of peers that have not been seen for long: Prometheus has had time to read
    /// their last counts.
    ///
    /// Nothing is lost of a peer that comes back meanwhile: whoever counts has it seen first and
    /// then looks for its series, here they are taken away first and then it is asked whether it
    /// was seen.
    private synchronized void makeRoom(long now) {
        for (var peer : peers.leaving(now)) {
            var lost = take(series, peer.id());
            var lostConnections = take(connectionSeries, peer.id());
            if (!peers.remove(peer, now)) {
                series.putAll(lost);
                connectionSeries.putAll(lostConnections);
                continue;
            }
            lost.keySet()
                    .forEach(it -> {
                        if (it.isGrpc()) {
                            grpcRequests.remove(it.grpcRequest());
                        } else {
                            requests.remove(it.request());
                        }
                        durations.remove(it.duration());
                    });
            lostConnections.keySet().forEach(it -> connections.remove(it.connection()));
        }
    }

    private static <T> Map<Between, T> take(Map<Between, T> from, String peer) {
        var taken = new HashMap<Between, T>();
        from.forEach((between, it) -> {
            if (between.peer().equals(peer)) {
                taken.put(between, it);
            }
        });
        from.keySet().removeAll(taken.keySet());
        return taken;
    }

    /// When it ended, roughly: a clock that costs nothing.
    private static long second(LogEntry log) {
        return log.start().getEpochSecond() + log.duration().toSeconds();
    }

    private void common(Direction direction, String flags, Duration wait) {
        if (!flags.isEmpty() && !flags.equals("-")) {
            refusals.labelValues(label(direction), flags).inc();
        }
        var millis = wait.toMillis();
        if (millis > 0) {
            held.labelValues(label(direction)).inc();
            if (millis > longestHoldMillis.get()) {
                longestHoldMillis.accumulateAndGet(millis, Math::max);
            }
        }
    }

    private static void add(CounterDataPoint counter, long amount) {
        if (amount > 0) {
            counter.inc(amount);
        }
    }

    void checked(String cluster, Answer answer) {
        checks.labelValues(cluster, answer.name().toLowerCase(Locale.ROOT)).inc();
    }

    void healthy(String cluster, int endpoints) {
        healthy.labelValues(cluster).set(endpoints);
    }

    void spans(String result, int count) {
        spans.labelValues(result).inc(count);
    }

    /// Its series end.
    void unchecked(String cluster) {
        healthy.remove(cluster);
        for (var answer : Answer.values()) {
            checks.remove(cluster, answer.name().toLowerCase(Locale.ROOT));
        }
    }

    public void xdsResponse(String type, String result) {
        xdsResponses.labelValues(type, result).inc();
    }

    public void xdsConnected(String revision, boolean connected) {
        xdsConnected.labelValues(revision).set(connected ? 1 : 0);
    }

    public void certified(String spiffeId, Instant notAfter) {
        self = spiffeId;
        certificateExpiry.set(notAfter.getEpochSecond());
        signings.labelValues("signed").inc();
    }

    /// To be told once.
    public void ready(Duration afterStart) {
        startToReady.set(afterStart.toMillis() / 1e3);
    }

    public void signingFailed() {
        signings.labelValues("failed").inc();
    }

    /// Everything, in Prometheus' text format.
    public String text() {
        var out = new ByteArrayOutputStream(16 * 1024);
        try {
            new PrometheusTextFormatWriter(false).write(out, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static long residentBytes() {
        try {
            var fields = Files.readString(Path.of("/proc/self/statm")).split(" ", 3);
            return Long.parseLong(fields[1]) * PAGE_BYTES;
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    private static Counter requestCounter(String[] labels) {
        return Counter.builder()
                .name("weft_requests_total")
                .help("Requests that have ended, by how they were answered and between whom.")
                .labelNames(labels)
                .build();
    }

    private static String[] and(String[] labels, String more) {
        var all = Arrays.copyOf(labels, labels.length + 1);
        all[labels.length] = more;
        return all;
    }

    private static String label(Direction direction) {
        return direction == Direction.INBOUND ? "inbound" : "outbound";
    }
}
