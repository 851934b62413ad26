package dev.weft.proxy.trace;

import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.TracingSpec;
import dev.weft.proxy.config.TracingSpec.Export;
import dev.weft.proxy.telemetry.Excerpt;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Traces requests. Any thread.
///
/// Who has decided before decides: a context that a request brings says whether it is recorded, and
/// so does B3 without a context. Sampling is for requests of which nobody has said it.
public final class Tracer implements AutoCloseable {
    private static final String CLIENT_ASKS = "x-client-trace-id";
    private static final String FORCE = "x-envoy-force-trace";
    private static final double WHOLE = 100;

    private final Function<Export, SpanExporter> newExporter;
    private final Map<Export, SpanExporter> exporters = new ConcurrentHashMap<>();

    public Tracer(Function<Export, SpanExporter> newExporter) {
        this.newExporter = newExporter;
    }

    /// A request has begun: its headers get the context that the next hop sees.
    ///
    /// @return null: the request is not recorded
    public @Nullable LiveSpan begin(
            TracingSpec rules,
            HttpHeaders headers,
            @Nullable String clientAddress,
            RandomGenerator random) {
        var parent = TraceContext.w3c(headers);
        var sampled = false;
        var state = "";
        if (parent == null) {
            headers.remove(TraceContext.TRACESTATE);
            var b3 = B3.of(headers);
            sampled = b3.sampled() == null ? isSampled(rules, headers, random) : b3.sampled();
            parent = b3.context(sampled);
        } else if (headers.contains(TraceContext.TRACESTATE)) {
            state = TraceContext.state(headers);
        }
        var own = parent == null ? TraceContext.begin(sampled, random) : parent.child(random);
        headers.set(TraceContext.TRACEPARENT, own.traceparent());
        var export = rules.export();
        if (!own.sampled() || export == null) {
            return null;
        }
        var known = exporters.get(export);
        return new LiveSpan(
                known != null ? known : exporters.computeIfAbsent(export, newExporter),
                own,
                parent,
                state,
                Excerpt.of(headers.get(HttpHeaderNames.USER_AGENT, "")),
                clientAddress,
                rules.maxPath());
    }

    private static boolean isSampled(
            TracingSpec rules, HttpHeaders headers, RandomGenerator random) {
        var wanted =
                (headers.contains(CLIENT_ASKS) && hits(rules.client(), random))
                        || headers.contains(FORCE)
                        || hits(rules.random(), random);
        return wanted && hits(rules.overall(), random);
    }

    private static boolean hits(double percent, RandomGenerator random) {
        return percent >= WHOLE || (percent > 0 && random.nextDouble() * WHOLE < percent);
    }

    /// New tables are in force: collectors that nobody names any more are let go of.
    public void reconcile(Tables tables) {
        if (exporters.isEmpty()) {
            return;
        }
        var named = new HashSet<Export>();
        tables.listeners()
                .values()
                .forEach(listener ->
                        Stream.concat(
                                        listener.chains().stream(),
                                        Stream.ofNullable(listener.defaultChain()))
                                .map(ChainSpec::target)
                                .forEach(target -> {
                                    if (target instanceof ChainTarget.Http http
                                            && http.tracing() != null
                                            && http.tracing().export() != null) {
                                        named.add(http.tracing().export());
                                    }
                                }));
        exporters
                .entrySet()
                .removeIf(entry -> {
                    var gone = !named.contains(entry.getKey());
                    if (gone) {
                        entry.getValue().close();
                    }
                    return gone;
                });
    }

    /// The proxy is about to end: what waits is sent now. Done when that is over, well or not.
    public CompletionStage<Void> flush() {
        return CompletableFuture.allOf(
                exporters.values().stream()
                        .map(SpanExporter::flush)
                        .toArray(CompletableFuture<?>[]::new));
    }

    @Override
    public void close() {
        exporters.values().forEach(SpanExporter::close);
        exporters.clear();
    }
}
