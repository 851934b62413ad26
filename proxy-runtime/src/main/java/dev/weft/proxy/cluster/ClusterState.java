package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.LoadBalancer;
import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.balance.Vitals.Checked;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.health.Answer;
import dev.weft.proxy.health.Verdict.Effect;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.load.Load;
import dev.weft.proxy.outlier.OutlierDetector;
import dev.weft.proxy.outlier.OutlierMonitor;
import dev.weft.proxy.outlier.OutlierMonitor.Run;
import dev.weft.proxy.route.RoutePriority;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What all event loops share about one cluster: its endpoints' state, its limits, and the balancer
/// of the moment. It outlives changes of the configuration: endpoints that stay keep their
/// ejections, counts and age.
///
/// Event loops only read and count. What changes the balancer runs on the configuration's thread or
/// on `aside`, one at a time.
final class ClusterState implements AutoCloseable {
    private final Aside aside;
    private final LongSupplier nanos;
    private final Map<InetSocketAddress, EndpointState> endpoints = new ConcurrentHashMap<>();
    private final CircuitBreaker breaker;
    private final CircuitBreaker highBreaker;
    private volatile ClusterTable table;
    private volatile LoadBalancer balancer;
    private volatile boolean used;

    /// What was told, and who stays because he passes his health checks.
    private ClusterTable served;

    private @Nullable HealthChecks checks;
    private boolean countsLoad;
    private long countsSince;
    private @Nullable OutlierDetector detector;
    private @Nullable ScheduledFuture<?> sweeps;

    /// @param nanos a clock that only goes forward
    ClusterState(ClusterTable table, Aside aside, LongSupplier nanos) {
        this.table = table;
        this.served = table;
        this.aside = aside;
        this.nanos = nanos;
        this.breaker = new CircuitBreaker(table.spec().limits());
        this.highBreaker = new CircuitBreaker(table.spec().highLimits());
        this.balancer = adopt(table, null);
    }

    ClusterSpec spec() {
        return table.spec();
    }

    LoadBalancer balancer() {
        return balancer;
    }

    CircuitBreaker breaker(RoutePriority priority) {
        return switch (priority) {
            case DEFAULT -> breaker;
            case HIGH -> highBreaker;
        };
    }

    /// For an endpoint that has just left, or was never told: one that nobody else knows.
    EndpointState endpoint(InetSocketAddress address) {
        var known = endpoints.get(address);
        return known != null ? known : newEndpoint();
    }

    /// Whether this is what is known of the endpoint at this address now.
    boolean isCurrent(InetSocketAddress address, EndpointState endpoint) {
        return endpoints.get(address) == endpoint;
    }

    /// Where its endpoints are.
    Set<InetSocketAddress> addresses() {
        return Set.copyOf(endpoints.keySet());
    }

    /// It is in force, as told now: from here on its endpoints are checked.
    synchronized void update(ClusterTable now) {
        if (now != table) {
            var before = table;
            table = now;
            breaker.follow(now.spec().limits());
            highBreaker.follow(now.spec().highLimits());
            balancer = adopt(now, before);
        }
        check();
    }

    @Override
    public synchronized void close() {
        stopSweeps();
        detector = null;
        stopChecks();
    }

    /// A connection to an endpoint is being made.
    void use() {
        if (!used) {
            used = true;
        }
    }

    /// Whether an endpoint has ever been connected to, for a request.
    boolean isUsed() {
        return used;
    }

    private LoadBalancer adopt(ClusterTable now, @Nullable ClusterTable before) {
        served = withStaying(now);
        var present = new HashMap<InetSocketAddress, EndpointSpec>();
        for (var group : served.source().groups()) {
            group.endpoints().forEach(it -> present.putIfAbsent(it.address(), it));
        }
        endpoints.keySet().retainAll(present.keySet());
        // Who comes to a cluster that is checked has to pass first.
        var late =
                before != null
                        && before.spec().healthCheck() != null
                        && now.spec().healthCheck() != null;
        present.forEach((address, spec) ->
                endpoints.computeIfAbsent(
                        address,
                        _ -> {
                            var endpoint = newEndpoint();
                            if (late && !spec.checked().never()) {
                                endpoint.vitals()
                                        .checked(
                                                now.spec().changes().ignoresNew()
                                                        ? Checked.AWAITED
                                                        : Checked.FAILS);
                            }
                            return endpoint;
                        }));
        present.forEach((address, spec) -> {
            if (now.spec().healthCheck() == null || spec.checked().never()) {
                endpoint(address).vitals().checked(Checked.NEVER);
            }
        });
        watch(now.spec().outliers(), before == null ? null : before.spec().outliers());
        return balance();
    }

    private ClusterTable withStaying(ClusterTable now) {
        var rules = now.spec().healthCheck();
        if (rules == null || rules.leavesAtOnce()) {
            return now;
        }
        var source = Staying.in(now.source(), served.source(), this::passes);
        return source == now.source() ? now : new ClusterTable(now.spec(), source);
    }

    private boolean passes(InetSocketAddress address) {
        var known = endpoints.get(address);
        return known != null
                && (known.vitals().checked() == Checked.PASSES
                        || known.vitals().checked() == Checked.DEGRADED);
    }

    private void check() {
        var rules = table.spec().healthCheck();
        if (rules == null) {
            stopChecks();
            return;
        }
        if (checks == null) {
            checks = new HealthChecks(aside, this);
        }
        checks.follow(table.spec(), rules, served.source(), this::endpoint);
        tellHealthy();
    }

    private void stopChecks() {
        if (checks != null) {
            checks.close();
            checks = null;
            aside.telemetry().unchecked(table.spec().name());
        }
    }

    /// On the checks' event loop.
    ///
    /// @return what the answer has changed
    synchronized Effect checked(EndpointCheck check, Answer answer) {
        if (checks == null || !checks.isCurrent(check)) {
            return Effect.NONE;
        }
        aside.telemetry().checked(table.spec().name(), answer);
        var effect = check.verdict().heard(answer, check.subject().rules());
        var monitor = check.endpoint().monitor();
        var back =
                answer.isGood()
                        && effect != Effect.PENDING
                        && detector != null
                        && monitor != null
                        && detector.passed(monitor);
        if (effect == Effect.CHANGED) {
            balancer = adopt(table, table);
            check();
            if (check.endpoint().vitals().checked() == Checked.FAILS) {
                failed(check.endpoint());
            }
        } else if (back) {
            balancer = balance();
        }
        return effect;
    }

    LongSupplier nanos() {
        return nanos;
    }

    private void tellHealthy() {
        aside.telemetry()
                .healthy(
                        table.spec().name(),
                        (int)
                                endpoints.values().stream()
                                        .map(it -> it.vitals().checked())
                                        .filter(it -> it != Checked.FAILS && it != Checked.AWAITED)
                                        .count());
    }

    private EndpointState newEndpoint() {
        var endpoint = new EndpointState(new Vitals(nanos.getAsLong()));
        if (countsLoad) {
            endpoint.count(new Load());
        }
        return endpoint;
    }

    /// Whether its endpoints' load is counted from now on.
    synchronized void countLoad(boolean counts) {
        if (counts == countsLoad) {
            return;
        }
        countsLoad = counts;
        countsSince = nanos.getAsLong();
        takeRefused();
        endpoints.values().forEach(it -> it.count(counts ? new Load() : null));
    }

    /// What has been counted since the last call.
    synchronized Optional<ClusterLoad> takeLoad() {
        if (!countsLoad) {
            return Optional.empty();
        }
        var localities = new ArrayList<ClusterLoad.OfLocality>();
        for (var group : served.source().groups()) {
            var busy = new ArrayList<ClusterLoad.OfEndpoint>();
            for (var endpoint : group.endpoints()) {
                var taken = takeLoad(endpoint.address());
                if (!taken.isIdle()) {
                    busy.add(taken);
                }
            }
            if (!busy.isEmpty()) {
                localities.add(new ClusterLoad.OfLocality(group.zone(), group.priority(), busy));
            }
        }
        var now = nanos.getAsLong();
        var time = Duration.ofNanos(now - countsSince);
        countsSince = now;
        return Optional.of(
                new ClusterLoad(
                        spec().name(), spec().endpointsName(), localities, takeRefused(), time));
    }

    private long takeRefused() {
        return breaker.takeRefused() + highBreaker.takeRefused();
    }

    private ClusterLoad.OfEndpoint takeLoad(InetSocketAddress address) {
        var endpoint = endpoint(address);
        var load = endpoint.load();
        return load == null
                ? new ClusterLoad.OfEndpoint(address, 0, 0, 0, 0)
                : new ClusterLoad.OfEndpoint(
                        address,
                        load.takeSuccesses(),
                        load.takeErrors(),
                        endpoint.vitals().active(),
                        load.takeIssued());
    }

    /// What there is to see of the endpoints.
    synchronized List<EndpointView> view() {
        var told = new HashSet<InetSocketAddress>();
        table.source()
                .groups()
                .forEach(group -> group.endpoints().forEach(it -> told.add(it.address())));
        var views = new ArrayList<EndpointView>();
        for (var group : served.source().groups()) {
            for (var endpoint : group.endpoints()) {
                views.add(
                        EndpointView.of(
                                endpoint,
                                group.priority(),
                                endpoint(endpoint.address()).vitals(),
                                told.contains(endpoint.address())));
            }
        }
        return views;
    }

    private LoadBalancer balance() {
        return LoadBalancer.of(
                served,
                address -> Objects.requireNonNull(endpoints.get(address), "adopted").vitals(),
                nanos,
                ThreadLocalRandom.current());
    }

    private void watch(@Nullable OutlierRules rules, @Nullable OutlierRules before) {
        if (rules == null) {
            detector = null;
            stopSweeps();
            endpoints
                    .values()
                    .forEach(it -> {
                        it.watch(null);
                        it.vitals().eject(false);
                    });
            return;
        }
        if (detector == null) {
            detector = new OutlierDetector(rules, new SplittableRandom());
        } else {
            detector.follow(rules);
        }
        for (var endpoint : endpoints.values()) {
            var monitor = endpoint.monitor();
            if (monitor == null) {
                endpoint.watch(new OutlierMonitor(endpoint.vitals(), rules, this::found));
            } else {
                monitor.follow(rules);
            }
        }
        if (before == null || !before.interval().equals(rules.interval())) {
            startSweeps(rules.interval());
        }
    }

    private void startSweeps(Duration interval) {
        stopSweeps();
        try {
            sweeps =
                    aside.loop()
                            .scheduleWithFixedDelay(
                                    this::sweep,
                                    interval.toNanos(),
                                    interval.toNanos(),
                                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException leaving) {
            sweeps = null;
        }
    }

    private void stopSweeps() {
        if (sweeps != null) {
            sweeps.cancel(false);
            sweeps = null;
        }
    }

    /// On the event loop that saw the last failure: the verdict must not hold it up.
    private void found(OutlierMonitor monitor, Run run) {
        try {
            aside.loop().execute(() -> judge(monitor, run));
        } catch (RejectedExecutionException leaving) {
            // Nobody will be picked any more.
        }
    }

    private synchronized void judge(OutlierMonitor monitor, Run run) {
        var monitors = monitors();
        var before = ejected();
        if (detector != null
                && monitors.contains(monitor)
                && detector.found(monitor, run, monitors, nanos.getAsLong())) {
            ejectedBesides(before);
        }
    }

    private synchronized void sweep() {
        var before = ejected();
        if (detector != null && detector.sweep(monitors(), nanos.getAsLong())) {
            ejectedBesides(before);
        }
    }

    private void ejectedBesides(Set<EndpointState> before) {
        balancer = balance();
        var now = ejected();
        now.removeAll(before);
        now.forEach(this::failed);
    }

    /// None where it makes no difference to the connections that they have.
    private Set<EndpointState> ejected() {
        var endsOpaque = spec().changes().endsOpaque();
        return endpoints.values().stream()
                .filter(it -> endsOpaque && it.vitals().isEjected())
                .collect(Collectors.toCollection(HashSet::new));
    }

    /// An endpoint gets nothing new, because of how it does.
    private void failed(EndpointState endpoint) {
        if (spec().changes().endsOpaque()) {
            endpoint.endOpaque();
        }
    }

    private List<OutlierMonitor> monitors() {
        return endpoints.values().stream()
                .map(EndpointState::monitor)
                .filter(Objects::nonNull)
                .toList();
    }
}
