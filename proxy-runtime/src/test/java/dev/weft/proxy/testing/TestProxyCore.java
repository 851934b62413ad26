package dev.weft.proxy.testing;

import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.Pod;
import dev.weft.proxy.bootstrap.Revisions;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.identity.CertificateEvents;
import dev.weft.proxy.identity.MeshIdentity;
import dev.weft.proxy.state.LastGood;
import dev.weft.proxy.worker.EpollLoops;
import dev.weft.proxy.xds.AdsClient;
import dev.weft.proxy.xds.Configuration;
import dev.weft.proxy.xds.LoadReporter;
import dev.weft.proxy.xds.ResourceType;
import dev.weft.proxy.xds.XdsEvents;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// All of a proxy but its data path.
public final class TestProxyCore implements AutoCloseable {
    public final RecordingSink sink = new RecordingSink();
    public final ControlThread control = new ControlThread();
    public final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollLoops.newFactory());
    public final List<Instant> certified = new CopyOnWriteArrayList<>();
    public final List<String> events = new CopyOnWriteArrayList<>();
    public final RecordingLoads loads = new RecordingLoads();
    public final MeshIdentity identity;
    public final AdsClient ads;
    private final Revisions revisions;

    public TestProxyCore(TestMesh mesh) {
        var random = new Random(1);
        identity =
                new MeshIdentity(
                        mesh.paths,
                        control,
                        loop,
                        Clock.systemUTC(),
                        random,
                        new CertificateEvents() {
                            @Override
                            public void certified(String spiffeId, Instant notAfter) {
                                certified.add(notAfter);
                            }

                            @Override
                            public void refused() {
                                events.add("signing failed");
                            }
                        });
        ads =
                new AdsClient(
                        new Configuration(sink),
                        new LastGood(mesh.paths.lastGood(), control),
                        controlPlane -> controlPlane.tell(Pod.read(mesh.paths), Build.current()),
                        identity.dialer(),
                        control,
                        random,
                        new XdsEvents() {
                            @Override
                            public void accepted(ResourceType type) {
                                events.add("ack " + type);
                            }

                            @Override
                            public void refused(String typeUrl) {
                                events.add("nack " + typeUrl);
                            }

                            @Override
                            public void ignored(ResourceType type) {
                                events.add("ignored " + type);
                            }

                            @Override
                            public void connected(String revision) {
                                events.add("connected " + revision);
                            }

                            @Override
                            public void disconnected(String revision) {
                                events.add("disconnected " + revision);
                            }
                        },
                        new LoadReporter(loads, control, random));
        revisions =
                new Revisions(
                        mesh.paths,
                        control,
                        controlPlane -> {
                            identity.signedBy(controlPlane);
                            ads.follow(controlPlane);
                        });
    }

    public TestProxyCore start() {
        onControl(() -> {
            identity.start();
            ads.restore();
            revisions.start();
        });
        return this;
    }

    /// Runs it where it belongs, and waits for its end.
    public void onControl(Runnable task) {
        CompletableFuture.runAsync(task, control).join();
    }

    /// Whether it is on its way to another control plane.
    public boolean moving() {
        return CompletableFuture.supplyAsync(ads::moving, control).join();
    }

    /// As by a kill: nothing is said to anybody but what the kernel says.
    @Override
    public void close() {
        onControl(ads::close);
        control.close();
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
