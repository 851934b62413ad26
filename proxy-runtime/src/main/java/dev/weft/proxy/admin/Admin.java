package dev.weft.proxy.admin;

import dev.weft.proxy.bootstrap.Annotations;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.control.FileWatch;
import io.netty.channel.EventLoopGroup;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Opens the three ports and says what each path answers.
public final class Admin implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Admin.class.getName());
    private static final String PROBE = "/probe/";
    private static final long PULSE_SECONDS = 5;

    private final Health health;
    private final Insight insight;
    private final Prober prober;
    private final Predicate<InetAddress> probed;
    private final HttpPort admin;
    private final HttpPort metrics;
    private final HttpPort healthPort;

    private volatile Probes probes = Probes.NONE;

    /// Of those who ask now. Confined to the ports' event loop.
    private @Nullable CompletableFuture<Answer> live;

    /// @param loop a single one
    public static Admin open(
            Ports ports,
            Paths paths,
            ControlThread control,
            EventLoopGroup loop,
            Health health,
            Insight insight) {
        return open(
                ports,
                paths,
                control,
                loop,
                health,
                insight,
                address -> !address.isLoopbackAddress());
    }

    /// @param probed whether probes may be performed against an address: never loopback, outside of
    ///   tests
    static Admin open(
            Ports ports,
            Paths paths,
            ControlThread control,
            EventLoopGroup loop,
            Health health,
            Insight insight,
            Predicate<InetAddress> probed) {
        var admin = new Admin(ports, loop, health, insight, probed);
        FileWatch.start(paths.annotations(), control, admin::annotations);
        return admin;
    }

    private Admin(
            Ports ports,
            EventLoopGroup loop,
            Health health,
            Insight insight,
            Predicate<InetAddress> probed) {
        this.health = health;
        this.insight = insight;
        this.prober = new Prober(loop);
        this.probed = probed;
        this.admin =
                HttpPort.open(
                        new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), ports.admin()),
                        loop,
                        this::forThePod);
        this.metrics =
                HttpPort.open(new InetSocketAddress(ports.metrics()), loop, this::forPrometheus);
        this.healthPort =
                HttpPort.open(new InetSocketAddress(ports.health()), loop, this::forTheKubelet);
    }

    /// The ports that were taken.
    public Ports ports() {
        return new Ports(admin.port(), metrics.port(), healthPort.port());
    }

    private void annotations(String file) {
        String json = Annotations.parse(file).getOrDefault(Probes.ANNOTATION, "{}");
        try {
            probes = Probes.parse(json);
        } catch (IllegalArgumentException e) {
            LOG.log(Level.ERROR, "{0}; the probes stay as they were", e.getMessage());
        }
    }

    private CompletionStage<Answer> forThePod(String path, InetAddress local) {
        return switch (path) {
            case "/config" -> insight.config().thenApply(Answer::json);
            case "/clusters" -> now(Answer.json(insight.clusters()));
            case "/stats" -> now(Answer.metrics(insight.metrics()));
            case "/version" -> now(Answer.json(insight.version()));
            default -> now(Answer.text(404, "there are /config, /clusters, /stats and /version"));
        };
    }

    private CompletionStage<Answer> forPrometheus(String path, InetAddress local) {
        return now(
                path.equals("/metrics")
                        ? Answer.metrics(insight.metrics())
                        : Answer.text(404, "there is /metrics"));
    }

    private CompletionStage<Answer> forTheKubelet(String path, InetAddress local) {
        if (path.startsWith(PROBE)) {
            return probe(path.substring(PROBE.length()), local);
        }
        return switch (path) {
            case "/ready" ->
                    now(
                            health.unready()
                                    .map(why -> Answer.text(503, why))
                                    .orElse(Answer.text(200, "ready")));
            case "/live" -> live();
            default ->
                    now(Answer.text(404, "there are /ready, /live and /probe/<container>/<kind>"));
        };
    }

    /// However many ask, the threads are asked once at a time.
    private CompletionStage<Answer> live() {
        if (live == null || live.isDone()) {
            live =
                    health.pulse()
                            .toCompletableFuture()
                            .thenApply(beaten -> Answer.text(200, "live"))
                            .completeOnTimeout(
                                    Answer.text(503, "a thread hangs"),
                                    PULSE_SECONDS,
                                    TimeUnit.SECONDS);
        }
        return live;
    }

    private CompletionStage<Answer> probe(String which, InetAddress local) {
        var probe = probes.find(which);
        if (probe.isEmpty()) {
            return now(Answer.text(404, "the pod declares no probe " + which));
        }
        if (!probed.test(local)) {
            return now(Answer.text(503, "ask at the pod's address, not at loopback"));
        }
        return prober.perform(probe.get(), local)
                .thenApply(result -> Answer.text(result.healthy() ? 200 : 503, result.said()));
    }

    private static CompletionStage<Answer> now(Answer answer) {
        return CompletableFuture.completedStage(answer);
    }

    /// Leaves the ports to the pod's next proxy, which listens there already.
    public void handOver() {
        admin.handOver();
        metrics.handOver();
        healthPort.handOver();
    }

    @Override
    public void close() {
        admin.close();
        metrics.close();
        healthPort.close();
    }
}
