package dev.weft.proxy.xds;

import com.google.protobuf.util.Durations;
import dev.weft.proxy.control.Backoff;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.load.ClusterLoad;
import dev.weft.proxy.load.LoadSource;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamEndpointStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.netty.util.NetUtil;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Tells the control plane what load endpoints have (LRS), over the connection of the stream that
/// counts, as often as it asks for, once any cluster or the bootstrap wants that. On the control
/// thread.
///
/// ```
/// away --follow--> unwanted --look--> open --asked--> reporting
///                                      ^  |ended
///                                      +--+ after a pause          leave() from anywhere
/// ```
public final class LoadReporter {
    private static final Logger LOG = System.getLogger(LoadReporter.class.getName());

    /// Without it a control plane does not ask for all clusters at once.
    private static final String ALL_CLUSTERS = "envoy.lrs.supports_send_all_clusters";

    /// More often would be a load of its own.
    private static final Duration SHORTEST = Duration.ofMillis(100);

    private static final Duration LONGEST = Duration.ofDays(365);

    private final LoadSource source;
    private final ControlThread control;
    private final Backoff backoff;

    private @Nullable Channel channel;
    private @Nullable Call call;
    private ControlThread.@Nullable Timer retry;
    private Node node = Node.getDefaultInstance();
    private boolean all;

    public LoadReporter(LoadSource source, ControlThread control, RandomGenerator random) {
        this.source = source;
        this.control = control;
        this.backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(60), random);
    }

    /// The control plane on this connection counts from now on.
    ///
    /// @param node what it is told of this proxy
    /// @param all the bootstrap wants reports, whatever the clusters say
    void follow(Channel channel, Node node, boolean all) {
        leave();
        this.channel = channel;
        this.node = node.toBuilder().addClientFeatures(ALL_CLUSTERS).build();
        this.all = all;
        look();
    }

    /// The configuration may have changed what is wanted.
    void look() {
        var to = channel;
        if (to == null || (!all && !source.isWanted())) {
            end();
        } else if (call == null && retry == null) {
            call = new Call();
            call.open(to);
        }
    }

    /// There is no control plane to tell.
    void leave() {
        channel = null;
        end();
    }

    private void end() {
        if (retry != null) {
            retry.cancel();
            retry = null;
        }
        if (call != null) {
            call.cancel();
            call = null;
        }
    }

    private void ended(Call ended, Status status) {
        if (ended != call) {
            return;
        }
        ended.stop();
        call = null;
        var pause = backoff.next();
        LOG.log(
                Level.WARNING,
                "load is not reported: {0} {1}; again in {2} ms",
                status.getCode(),
                status.getDescription(),
                pause.toMillis());
        retry =
                control.after(
                        pause,
                        () -> {
                            retry = null;
                            look();
                        });
    }

    /// What it asks for, within what makes sense: one that it cannot mean ends no stream.
    static Duration interval(LoadStatsResponse asked) {
        var interval = asked.getLoadReportingInterval();
        var seconds = Math.clamp(interval.getSeconds(), 0, LONGEST.toSeconds());
        var precise = Duration.ofSeconds(seconds, interval.getNanos());
        return precise.compareTo(SHORTEST) < 0 ? SHORTEST : precise;
    }

    /// One stream. Its callbacks run on the control thread.
    private final class Call
            implements ClientResponseObserver<LoadStatsRequest, LoadStatsResponse> {
        private @Nullable ClientCallStreamObserver<LoadStatsRequest> requests;
        private ControlThread.@Nullable Timer reports;
        private boolean byEndpoint;

        void open(Channel to) {
            var observer = LoadReportingServiceGrpc.newStub(to).streamLoadStats(this);
            observer.onNext(LoadStatsRequest.newBuilder().setNode(node).build());
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<LoadStatsRequest> started) {
            requests = started;
        }

        @Override
        public void onNext(LoadStatsResponse asked) {
            if (this != call) {
                return;
            }
            backoff.reset();
            var names = new HashSet<>(asked.getClustersList());
            var every = asked.getSendAllClusters();
            source.count(name -> every || names.contains(name), all);
            byEndpoint = asked.getReportEndpointGranularity();
            var interval = interval(asked);
            stop();
            reports = control.after(interval, () -> report(interval));
        }

        private void report(Duration interval) {
            if (this != call || requests == null) {
                return;
            }
            var report = LoadStatsRequest.newBuilder();
            source.take().forEach(load -> report.addClusterStats(stats(load, byEndpoint)));
            requests.onNext(report.build());
            reports = control.after(interval, () -> report(interval));
        }

        @Override
        public void onError(Throwable failure) {
            ended(this, Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended(this, Status.OK);
        }

        void stop() {
            if (reports != null) {
                reports.cancel();
                reports = null;
            }
        }

        void cancel() {
            stop();
            source.count(_ -> false, false);
            if (requests != null) {
                requests.cancel("the proxy has no more use for this stream", null);
            }
        }
    }

    private static ClusterStats stats(ClusterLoad load, boolean byEndpoint) {
        var stats =
                ClusterStats.newBuilder()
                        .setClusterName(load.cluster())
                        .setTotalDroppedRequests(load.dropped())
                        .setLoadReportInterval(Durations.fromNanos(load.time().toNanos()));
        if (!load.service().equals(load.cluster())) {
            stats.setClusterServiceName(load.service());
        }
        load.localities().forEach(it -> stats.addUpstreamLocalityStats(stats(it, byEndpoint)));
        return stats.build();
    }

    private static UpstreamLocalityStats stats(ClusterLoad.OfLocality load, boolean byEndpoint) {
        var stats =
                UpstreamLocalityStats.newBuilder()
                        .setLocality(
                                Locality.newBuilder()
                                        .setRegion(load.zone().region())
                                        .setZone(load.zone().zone())
                                        .setSubZone(load.zone().subZone()))
                        .setPriority(load.priority());
        var successes = 0L;
        var errors = 0L;
        var active = 0L;
        var issued = 0L;
        for (var endpoint : load.endpoints()) {
            successes += endpoint.successes();
            errors += endpoint.errors();
            active += endpoint.active();
            issued += endpoint.issued();
            if (byEndpoint) {
                stats.addUpstreamEndpointStats(stats(endpoint));
            }
        }
        return stats.setTotalSuccessfulRequests(successes)
                .setTotalErrorRequests(errors)
                .setTotalRequestsInProgress(active)
                .setTotalIssuedRequests(issued)
                .build();
    }

    private static UpstreamEndpointStats stats(ClusterLoad.OfEndpoint load) {
        return UpstreamEndpointStats.newBuilder()
                .setAddress(
                        Address.newBuilder()
                                .setSocketAddress(
                                        SocketAddress.newBuilder()
                                                .setAddress(
                                                        NetUtil.toAddressString(
                                                                load.address().getAddress()))
                                                .setPortValue(load.address().getPort())))
                .setTotalSuccessfulRequests(load.successes())
                .setTotalErrorRequests(load.errors())
                .setTotalRequestsInProgress(load.active())
                .setTotalIssuedRequests(load.issued())
                .build();
    }
}
