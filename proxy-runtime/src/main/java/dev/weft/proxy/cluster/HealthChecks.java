package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.Assignment;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.HealthCheck;
import dev.weft.proxy.config.HealthCheck.Grpc;
import dev.weft.proxy.config.HealthCheck.Http;
import dev.weft.proxy.config.HealthCheck.Tcp;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.health.Answer;
import dev.weft.proxy.health.Verdict;
import dev.weft.proxy.health.Verdict.Effect;
import dev.weft.proxy.route.RoutePriority;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The active health checks of one cluster. Told on the configuration's thread who is to be
/// checked; asks on an event loop that carries no requests.
final class HealthChecks {
    private final Aside aside;
    private final ClusterState cluster;
    private final Map<InetSocketAddress, EndpointCheck> checks = new HashMap<>();

    HealthChecks(Aside aside, ClusterState cluster) {
        this.aside = aside;
        this.cluster = cluster;
    }

    /// Whom a check asks, and how: a check goes on for as long as nothing of it changes.
    record Subject(HealthCheck rules, Target target, String host, Carried carried) {}

    EventLoop loop() {
        return aside.loop();
    }

    boolean isClusterUsed() {
        return cluster.isUsed();
    }

    /// @param served who may get requests, those that are kept because they pass included
    /// @param states what is known of each of them
    void follow(
            ClusterSpec spec,
            HealthCheck rules,
            Assignment served,
            Function<InetSocketAddress, EndpointState> states) {
        var present = new HashMap<InetSocketAddress, EndpointSpec>();
        for (var group : served.groups()) {
            group.endpoints().forEach(it -> present.putIfAbsent(it.address(), it));
        }
        checks.entrySet()
                .removeIf(entry -> {
                    var endpoint = present.get(entry.getKey());
                    var gone = endpoint == null || endpoint.checked().never();
                    if (gone) {
                        end(entry.getValue());
                    }
                    return gone;
                });
        ClusterState unlimited = null;
        for (var endpoint : present.values()) {
            if (endpoint.checked().never()) {
                continue;
            }
            var subject = subject(spec, rules, endpoint);
            var state = states.apply(endpoint.address());
            var running = checks.get(endpoint.address());
            if (running != null
                    && running.endpoint() == state
                    && running.subject().equals(subject)) {
                continue;
            }
            if (unlimited == null) {
                unlimited = unlimited(spec, rules);
            }
            checks.put(endpoint.address(), replace(running, subject, state, unlimited));
        }
    }

    private EndpointCheck replace(
            @Nullable EndpointCheck running,
            Subject subject,
            EndpointState state,
            ClusterState unlimited) {
        Verdict verdict;
        if (running == null) {
            verdict = new Verdict(state.vitals(), cluster.nanos());
        } else {
            verdict =
                    running.endpoint() == state
                            ? running.verdict()
                            : new Verdict(state.vitals(), cluster.nanos());
            execute(running::close);
        }
        var check = new EndpointCheck(this, subject, state, verdict, asking(subject, unlimited));
        execute(check::start);
        return check;
    }

    /// Nobody is checked any more.
    void close() {
        checks.values().forEach(this::end);
        checks.clear();
    }

    private void end(EndpointCheck check) {
        execute(check::close);
    }

    private void execute(Runnable task) {
        try {
            loop().execute(task);
        } catch (RejectedExecutionException leaving) {
            // The loop has closed its connections.
        }
    }

    private static Subject subject(ClusterSpec spec, HealthCheck rules, EndpointSpec endpoint) {
        var at = endpoint.checked().address();
        var criteria = rules.criteria();
        var target =
                new Target(
                        at == null ? endpoint.address() : at,
                        criteria == null
                                ? spec.transportFor(endpoint)
                                : spec.transportFor(criteria, endpoint));
        return switch (rules.question()) {
            case Http http ->
                    new Subject(
                            rules,
                            target,
                            host(spec, endpoint, http.host()),
                            http.http2() ? Carried.HTTP2 : Carried.HTTP1);
            case Grpc grpc ->
                    new Subject(
                            rules, target, host(spec, endpoint, grpc.authority()), Carried.HTTP2);
            case Tcp _ -> new Subject(rules, target, "", Carried.TCP);
        };
    }

    private static String host(ClusterSpec spec, EndpointSpec endpoint, String configured) {
        var own = endpoint.checked().hostname();
        if (!own.isEmpty()) {
            return own;
        }
        return configured.isEmpty() ? spec.name() : configured;
    }

    private Asking asking(Subject subject, ClusterState unlimited) {
        var destination =
                new Destination(
                        unlimited,
                        new EndpointState(new Vitals(0)),
                        subject.target(),
                        subject.target().label(),
                        subject.carried(),
                        RoutePriority.DEFAULT,
                        aside.local().contains(subject.target().address().getAddress()));
        return switch (subject.rules().question()) {
            case Http http ->
                    HttpAsking.http(http, subject.host(), destination, aside.connector(), loop());
            case Grpc grpc ->
                    HttpAsking.grpc(grpc, subject.host(), destination, aside.connector(), loop());
            case Tcp tcp -> new TcpAsking(tcp, destination, aside.connector(), loop());
        };
    }

    private ClusterState unlimited(ClusterSpec spec, HealthCheck rules) {
        return new ClusterState(
                new ClusterTable(spec.forChecks(rules.timeout()), Assignment.EMPTY),
                aside,
                System::nanoTime);
    }

    /// Whether the check has not been ended or replaced.
    boolean isCurrent(EndpointCheck check) {
        return checks.containsValue(check);
    }

    /// On the event loop.
    Effect heard(EndpointCheck check, Answer answer) {
        return cluster.checked(check, answer);
    }
}
