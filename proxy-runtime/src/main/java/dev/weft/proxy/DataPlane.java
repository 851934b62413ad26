package dev.weft.proxy;

import dev.weft.proxy.accept.Acceptor;
import dev.weft.proxy.accept.ConntrackDestination;
import dev.weft.proxy.accept.OriginalDestination;
import dev.weft.proxy.cluster.ClusterStates;
import dev.weft.proxy.cluster.EndpointView;
import dev.weft.proxy.cluster.LocalAddresses;
import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.ConfigSink;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.drain.Drain;
import dev.weft.proxy.identity.MeshTls;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.load.LoadSource;
import dev.weft.proxy.overload.Overload;
import dev.weft.proxy.overload.OverloadRules;
import dev.weft.proxy.overload.Pressure;
import dev.weft.proxy.telemetry.Telemetry;
import dev.weft.proxy.trace.SpanExporter;
import dev.weft.proxy.trace.Tracer;
import dev.weft.proxy.worker.NewTables;
import dev.weft.proxy.worker.Worker;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// The data path: listeners, routes, clusters, and every connection that they carry.
///
/// Every event loop has a [Worker] of its own; they share the tables, which change as a whole.
public final class DataPlane implements AutoCloseable, LoadSource {
    private static final List<String> VIRTUAL_LISTENERS =
            List.of("virtualInbound", "virtualOutbound");

    private final EventLoopGroup loops;
    private final OriginalDestination originalDestination;
    private final Overload overload = new Overload(Pressure.OF_THIS_JVM);
    private final Drain inbound = new Drain();
    private final Drain outbound = new Drain();
    private final ConfigStore store = new ConfigStore(this::publish);
    private final ClusterStates clusterStates;
    private final OwnCalls ownCalls;
    private final Tracer tracer;
    private final Map<EventLoop, Worker> workers;
    private final Map<String, Bound> acceptors = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> firstListening = new CompletableFuture<>();
    private boolean started;
    private boolean stopped;

    private record Bound(InetSocketAddress address, Acceptor acceptor) {}

    /// @param loops carry connections
    /// @param aside carries none: what must not hold them up runs there
    public DataPlane(MeshTls tls, Telemetry telemetry, EventLoopGroup loops, EventLoopGroup aside) {
        this(tls, telemetry, loops, aside, new ConntrackDestination(), LocalAddresses.ofThisHost());
    }

    DataPlane(
            MeshTls tls,
            Telemetry telemetry,
            EventLoopGroup loops,
            OriginalDestination originalDestination,
            LocalAddresses local) {
        this(tls, telemetry, loops, loops, originalDestination, local);
    }

    private DataPlane(
            MeshTls tls,
            Telemetry telemetry,
            EventLoopGroup loops,
            EventLoopGroup aside,
            OriginalDestination originalDestination,
            LocalAddresses local) {
        this.loops = loops;
        overload.start(aside);
        var asideLoop = aside.next();
        this.clusterStates = new ClusterStates(asideLoop, tls, local, telemetry);
        this.ownCalls =
                new OwnCalls(
                        asideLoop,
                        () ->
                                new Upstreams(
                                        asideLoop,
                                        tls,
                                        local,
                                        clusterStates,
                                        RandomGenerator.getDefault()));
        this.tracer =
                new Tracer(export ->
                        new SpanExporter(
                                export, asideLoop, ownCalls::upstreams, store::tables, telemetry));
        this.originalDestination = originalDestination;
        var byLoop = new HashMap<EventLoop, Worker>();
        loops.forEach(executor -> {
            var loop = (EventLoop) executor;
            var upstreams =
                    new Upstreams(loop, tls, local, clusterStates, RandomGenerator.getDefault());
            byLoop.put(
                    loop,
                    new Worker(
                            upstreams,
                            store::tables,
                            new NewTables(),
                            tls,
                            telemetry,
                            overload,
                            inbound,
                            outbound,
                            tracer));
        });
        this.workers = Map.copyOf(byLoop);
    }

    /// Where the xDS client delivers.
    public ConfigSink sink() {
        return store;
    }

    /// How many connections were closed, or lost what they kept, to make room for others.
    public long gaveWay() {
        return overload.gaveWay();
    }

    /// When it takes no more.
    public void limit(OverloadRules rules) {
        overload.use(rules);
    }

    /// Binds the listeners as soon as they arrive by xDS.
    public synchronized void start() {
        started = true;
        bind(store.tables());
    }

    /// A configuration is in force and both virtual listeners accept.
    public boolean listening() {
        return VIRTUAL_LISTENERS.stream()
                .allMatch(name -> {
                    var bound = acceptors.get(name);
                    return bound != null && bound.acceptor().isAccepting();
                });
    }

    /// Done when [#listening()] is true for the first time.
    CompletionStage<Void> firstListening() {
        return firstListening.minimalCompletionStage();
    }

    /// Where a listener accepts, once it does.
    Optional<CompletionStage<InetSocketAddress>> boundAddress(String listener) {
        return Optional.ofNullable(acceptors.get(listener)).map(bound -> bound.acceptor().bound());
    }

    /// Asks the inbound side's peers to go elsewhere and serves on; done when they have gone, or
    /// after `atMost`.
    public CompletionStage<Void> drainInbound(Duration atMost) {
        return inbound.begin(atMost, loops);
    }

    /// The same for the applications of this pod.
    public CompletionStage<Void> drainOutbound(Duration atMost) {
        return outbound.begin(atMost, loops);
    }

    /// Stops taking SYNs, accepts what is queued, then closes the listeners. What was accepted is
    /// served on.
    public void stopAccepting() {
        stopAccepting(Acceptor::stop);
    }

    /// Leaves new connections to the pod's next proxy, accepts what is queued, then closes the
    /// listeners. What was accepted is served on.
    void handOver() {
        stopAccepting(Acceptor::handOver);
    }

    private synchronized void stopAccepting(Function<Acceptor, CompletionStage<Void>> how) {
        stopped = true;
        var stops =
                acceptors.values().stream()
                        .map(bound -> how.apply(bound.acceptor()).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(stops).join();
        acceptors.clear();
    }

    /// Sends the spans that wait; done when that is over.
    CompletionStage<Void> flushSpans() {
        return tracer.flush();
    }

    /// JSON of what is in force, for the admin port.
    public String dump() {
        return store.dump();
    }

    /// Clusters by their names, and how their endpoints are.
    public SortedMap<String, List<EndpointView>> clusters() {
        return clusterStates.view();
    }

    @Override
    public boolean isWanted() {
        return store.tables().clusters().values().stream().anyMatch(it -> it.spec().reportsLoad());
    }

    @Override
    public void count(Predicate<String> clusters, boolean all) {
        clusterStates.countLoad(clusters, all);
    }

    @Override
    public List<ClusterLoad> take() {
        return clusterStates.takeLoad();
    }

    /// Connections that are being served.
    public int openConnections() {
        return inbound.open() + outbound.open();
    }

    @Override
    public void close() {
        stopAccepting();
        tracer.close();
        clusterStates.close();
    }

    private void publish(Tables tables) {
        clusterStates.update(tables);
        workers.forEach((loop, worker) ->
                loop.execute(() -> {
                    worker.upstreams().reconcile(tables);
                    worker.newTables().published();
                }));
        tracer.reconcile(tables);
        ownCalls.reconcile(tables);
        bind(tables);
    }

    private synchronized void bind(Tables tables) {
        if (!started || stopped) {
            return;
        }
        acceptors
                .entrySet()
                .removeIf(entry -> {
                    var listener = tables.listeners().get(entry.getKey());
                    var stays =
                            listener != null
                                    && listener.binds()
                                    && listener.address().equals(entry.getValue().address());
                    if (!stays) {
                        var _ = entry.getValue().acceptor().stop();
                    }
                    return !stays;
                });
        for (var listener : tables.listeners().values()) {
            if (listener.binds()) {
                acceptors.computeIfAbsent(
                        listener.name(), _ -> new Bound(listener.address(), accept(listener)));
            }
        }
        tellWhenListening();
    }

    private void tellWhenListening() {
        if (!firstListening.isDone() && acceptors.keySet().containsAll(VIRTUAL_LISTENERS)) {
            var bound =
                    VIRTUAL_LISTENERS.stream()
                            .map(name -> Objects.requireNonNull(acceptors.get(name)))
                            .map(virtual -> virtual.acceptor().bound())
                            .map(CompletionStage::toCompletableFuture)
                            .toArray(CompletableFuture<?>[]::new);
            var _ = CompletableFuture.allOf(bound).thenRun(() -> firstListening.complete(null));
        }
    }

    private Acceptor accept(ListenerSpec listener) {
        return new Acceptor(
                loops,
                listener.address(),
                () -> store.tables().listeners().getOrDefault(listener.name(), listener),
                loop -> workers.getOrDefault(loop, workers.values().iterator().next()),
                originalDestination);
    }
}
