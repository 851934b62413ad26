package dev.weft.proxy;

import dev.weft.proxy.admin.Admin;
import dev.weft.proxy.admin.Ports;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.bootstrap.Pod;
import dev.weft.proxy.bootstrap.Revisions;
import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.identity.MeshIdentity;
import dev.weft.proxy.state.LastGood;
import dev.weft.proxy.telemetry.AccessLog;
import dev.weft.proxy.telemetry.ProcessAge;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.telemetry.ProxyTelemetry;
import dev.weft.proxy.worker.EpollLoops;
import dev.weft.proxy.xds.AdsClient;
import dev.weft.proxy.xds.Configuration;
import dev.weft.proxy.xds.LoadReporter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Clock;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/// The proxy, whole: built here by constructors, in the order in which things depend on each other.
///
/// Threads: event loops that carry requests, one more for everything else that has sockets, one
/// control thread for configuration, one that writes the access log.
public final class Proxy implements AutoCloseable {
    /// A sidecar is no gateway: more loops would be more memory, not more throughput.
    private static final int MAX_LOOPS = 2;

    private final ControlThread control = new ControlThread();
    private final EventLoopGroup traffic;
    private final EventLoopGroup aside;
    private final AccessLog accessLog;
    private final MeshIdentity identity;
    private final DataPlane dataPlane;
    private final AdsClient ads;
    private final Revisions revisions;
    private final Lifecycle lifecycle;
    private final Turn turn;
    private final Admin admin;

    Proxy(Build build, Paths paths, Ports ports, Slot slot) {
        var clock = Clock.systemUTC();
        var random = new Random();
        traffic =
                loops(
                        "weft-traffic",
                        Math.min(MAX_LOOPS, Runtime.getRuntime().availableProcessors()));
        aside = loops("weft-aside", 1);

        accessLog =
                new AccessLog(
                        new FileOutputStream(FileDescriptor.out),
                        new FileOutputStream(FileDescriptor.err));
        var metrics = new ProxyMetrics(build.version(), accessLog::dropped);
        var events = new ControlMetrics(metrics);
        identity = new MeshIdentity(paths, control, aside, clock, random, events);
        dataPlane =
                new DataPlane(
                        identity.tls(), new ProxyTelemetry(metrics, accessLog), traffic, aside);

        metrics.connections(dataPlane::gaveWay, dataPlane::streamsReset);
        turn = new Turn(slot, paths, control);

        var configuration = new Configuration(dataPlane.sink());
        var pod = Pod.read(paths);
        ads =
                new AdsClient(
                        configuration,
                        new LastGood(paths.lastGood(), control),
                        controlPlane -> controlPlane.tell(pod, build),
                        identity.dialer(),
                        control,
                        random,
                        events,
                        new LoadReporter(dataPlane, control, random));
        var readiness = new Readiness(slot, ads, dataPlane);
        var _ =
                readiness
                        .first()
                        .thenRun(() -> {
                            metrics.ready(ProcessAge.now());
                            turn.ready();
                        });
        revisions = new Revisions(paths, control, this::follow);
        lifecycle = new Lifecycle(paths, control, dataPlane);
        var view =
                new ProxyView(
                        build,
                        metrics,
                        configuration,
                        ads,
                        dataPlane,
                        readiness,
                        lifecycle,
                        control,
                        traffic);
        admin = Admin.open(ports, paths, control, aside, view, view);
    }

    void start() {
        lifecycle.start();
        accessLog.start();
        dataPlane.start();
        control.execute(() -> {
            identity.start();
            ads.restore();
            revisions.start();
            turn.start();
        });
    }

    private void follow(ControlPlane controlPlane) {
        identity.signedBy(controlPlane);
        ads.follow(controlPlane);
        dataPlane.limit(controlPlane.overload());
        dataPlane.ignores(controlPlane.ignored());
    }

    /// The ports that its own servers have taken.
    Ports ports() {
        return admin.ports();
    }

    /// Leaves as the contract says; what was on its way is served first.
    CompletionStage<Void> stop() {
        return lifecycle.stop().whenComplete((done, failure) -> accessLog.close());
    }

    /// Done when the pod's other proxy serves, and all that was on its way here has been served.
    CompletionStage<Void> handedOver() {
        return turn.over()
                .thenCompose(served -> {
                    // one that only stood behind has had no connection
                    if (!served) {
                        return CompletableFuture.completedStage(null);
                    }
                    admin.handOver();
                    return lifecycle.handOver();
                })
                .whenComplete((done, failure) -> accessLog.close());
    }

    /// Ends at once, and lets go of everything.
    @Override
    public void close() {
        admin.close();
        dataPlane.close();
        control.execute(ads::close);
        control.close();
        accessLog.close();
        traffic.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        aside.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private static EventLoopGroup loops(String name, int threads) {
        return new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory(name, true), EpollLoops.newFactory());
    }

    /// `--version` is all that can be said on the command line: it proves that the image runs here.
    /// Settings come from the image, the bootstrap and xDS.
    public static void main(String... arguments) {
        var build = Build.current();
        if (arguments.length > 0 && arguments[0].equals("--version")) {
            System.out.println(build.version());
            return;
        }
        // or Netty looks for other loggers in every jar first
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
        run(new Proxy(build, Paths.CONTRACT, Ports.CONTRACT, Slot.of(System.getenv())));
    }

    /// Runs until SIGTERM, or until the pod's other proxy has taken over.
    static void run(Proxy proxy) {
        var term = new CompletableFuture<Void>();
        Signal.handle(new Signal("TERM"), signal -> term.complete(null));
        Signal.handle(new Signal("INT"), signal -> term.complete(null));
        proxy.start();
        CompletableFuture.anyOf(
                        term.thenCompose(signalled -> proxy.stop()),
                        proxy.handedOver().toCompletableFuture())
                .join();
        Runtime.getRuntime().halt(0);
    }
}
