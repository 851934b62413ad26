package dev.weft.proxy;

import dev.weft.proxy.accept.Acceptor;
import dev.weft.proxy.accept.ConntrackDestination;
import dev.weft.proxy.accept.Listening;
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
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// The data path: listeners, routes, clusters, and every connection that they carry.
///
/// Every event loop has a [Worker] of its own; they share the tables, which change as a whole.
public final class DataPlane implements AutoCloseable, LoadSource {
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
    private final Listeners listeners;
    private volatile Runnable listenersChanged = () -> {};

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
        var asideLoop = aside.next();
        overload.start(asideLoop);
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
                                        RandomGenerator.getDefault(),
                                        overload::windowShare));
        this.tracer =
                new Tracer(export ->
                        new SpanExporter(
                                export, asideLoop, ownCalls::upstreams, store::tables, telemetry));
        this.originalDestination = originalDestination;
        var byLoop = new HashMap<EventLoop, Worker>();
        loops.forEach(executor -> {
            var loop = (EventLoop) executor;
            var upstreams =
                    new Upstreams(
                            loop,
                            tls,
                            local,
                            clusterStates,
                            RandomGenerator.getDefault(),
                            overload::windowShare);
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
        this.listeners = new Listeners((spec, address) -> listen(asideLoop, spec, address));
    }

    /// Where the xDS client delivers.
    public ConfigSink sink() {
        return store;
    }

    /// How many connections were closed, or lost what they kept, to make room for others.
    public long gaveWay() {
        return overload.gaveWay();
    }

    /// How many were ended that held most of the memory.
    public long streamsReset() {
        return overload.streamsReset();
    }

    /// When it takes no more.
    public void limit(OverloadRules rules) {
        overload.use(rules);
    }

    /// How long connections that come from now on may go on when their filter chain is removed.
    void removedTime(Duration time) {
        inbound.removedTime(time);
        outbound.removedTime(time);
    }

    /// What of the bootstrap is not used, for the dump.
    void ignores(List<String> fields) {
        store.ignores(fields);
    }

    /// Binds the listeners as soon as they arrive by xDS.
    public void start() {
        listeners.start(store.tables());
    }

    /// The sockets.
    Listeners listeners() {
        return listeners;
    }

    /// @param listener called when a configuration has been published, and whenever a socket
    ///   accepts, or cannot; any thread
    void onListenersChanged(Runnable listener) {
        listenersChanged = listener;
    }

    /// Where a listener accepts, once it does.
    Optional<CompletionStage<InetSocketAddress>> boundAddress(String listener) {
        return listeners.boundAddress(listener);
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
        listeners.stop(Listening::stop);
    }

    /// Leaves new connections to the pod's next proxy, accepts what is queued, then closes the
    /// listeners. What was accepted is served on.
    void handOver() {
        listeners.stop(Listening::handOver);
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
                    inbound.reconsider(loop);
                    outbound.reconsider(loop);
                }));
        tracer.reconcile(tables);
        ownCalls.reconcile(tables);
        listeners.reconcile(tables);
        listenersChanged.run();
    }

    private Listening listen(EventLoop timer, ListenerSpec listener, InetSocketAddress address) {
        return new Listening(
                listener.name(),
                address,
                () -> accept(listener, address),
                timer,
                () -> listenersChanged.run());
    }

    private Acceptor accept(ListenerSpec listener, InetSocketAddress address) {
        return new Acceptor(
                loops,
                address,
                () -> store.tables().listeners().getOrDefault(listener.name(), listener),
                loop -> workers.getOrDefault(loop, workers.values().iterator().next()),
                originalDestination);
    }
}
