package dev.weft.controlplane;

import dev.weft.api.Names;
import dev.weft.controlplane.ads.AdsService;
import dev.weft.controlplane.auth.ApiServerTokenReviews;
import dev.weft.controlplane.auth.CallerInterceptor;
import dev.weft.controlplane.auth.TokenAuthenticator;
import dev.weft.controlplane.ca.CertificateAuthority;
import dev.weft.controlplane.ca.CertificateService;
import dev.weft.controlplane.ca.ServingCertificate;
import dev.weft.controlplane.inject.ClusterNamespaces;
import dev.weft.controlplane.inject.Injector;
import dev.weft.controlplane.meshconfig.MeshConfigMaps;
import dev.weft.controlplane.revision.MeshRevisionWatch;
import dev.weft.controlplane.revision.StatusWriter;
import dev.weft.controlplane.server.GrpcServer;
import dev.weft.controlplane.server.WebhookServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Certificates, callers, injection, status: built here by constructor, so that their shape is on
/// one screen. What serves xDS comes from the container.
///
/// Whatever is missing at the start (the root, the MeshRevision, its type) is waited for:
/// [#missing] says what.
@Singleton
public final class ControlPlane {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
    private static final Duration STUCK = Duration.ofMinutes(1);

    private final InstantSource clock = InstantSource.system();
    private final KubernetesClient client;
    private final MeshRevisionWatch revision;
    private final CertificateAuthority authority;
    private final ServingCertificate serving;
    private final MeshConfigMaps configMaps;
    private final GrpcServer grpc;
    private final WebhookServer webhook;
    private final StatusWriter status;
    private final ScheduledExecutorService upkeep =
            Executors.newScheduledThreadPool(
                    2, Thread.ofPlatform().name("upkeep-", 0).daemon().factory());
    private volatile Instant upkeptAt = clock.instant();

    ControlPlane(
            Settings settings,
            KubernetesClient client,
            Vertx vertx,
            MeterRegistry meters,
            MeshRevisionWatch revision,
            AdsService ads) {
        var name = settings.revision();
        this.client = client;
        this.revision = revision;
        authority = new CertificateAuthority(settings.rootFolder(), clock);
        serving = new ServingCertificate(authority, serverNames(name, settings.namespace()), clock);
        configMaps =
                new MeshConfigMaps(client, name, settings.namespace(), this::rootsPem, revision);

        var tokens =
                new TokenAuthenticator(
                        new ApiServerTokenReviews(client), Names.TOKEN_AUDIENCE, clock);
        var caller = new CallerInterceptor(tokens, authority::roots, revision, clock, meters);
        var certificates = new CertificateService(authority, revision, clock, meters);
        grpc =
                new GrpcServer(
                        settings.grpcPort(),
                        serving.keyManager(),
                        caller,
                        List.of(ads, certificates));

        var namespaces = new ClusterNamespaces(client, configMaps, settings.pod(), clock);
        var injector = new Injector(name, settings.namespace(), revision, namespaces, meters);
        webhook =
                new WebhookServer(
                        vertx,
                        settings.webhookPort(),
                        serving.keyManager(),
                        Names.INJECT_PATH,
                        injector::review);
        status = new StatusWriter(client, name, settings.pod(), ads, revision, clock);
        meters.gauge(
                "weft.serving.certificate.seconds", serving, held -> secondsLeft(held.notAfter()));
    }

    void start(@Observes StartupEvent started) {
        revision.onChange(() -> upkeep.execute(this::keepUp));
        revision.start(client);
        configMaps.start();
        keepUp();
        upkeep.scheduleWithFixedDelay(this::keepUp, 1, 1, TimeUnit.SECONDS);
        upkeep.scheduleWithFixedDelay(guarded(status::tick), 100, 50, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes ShutdownEvent stopping) {
        upkeep.shutdownNow();
        webhook.close();
        grpc.close();
        configMaps.close();
        revision.close();
    }

    /// What keeps this replica from serving, in words for people; empty when it is ready.
    List<String> missing() {
        var missing = new ArrayList<String>();
        addIfAny(missing, revision.problem());
        addIfAny(missing, authority.problem());
        if (!grpc.listening()) {
            missing.add("the gRPC server does not listen yet.");
        }
        if (!webhook.listening()) {
            missing.add("the webhook does not listen yet.");
        }
        if (!configMaps.synced()) {
            missing.add("the watches of Namespaces and ConfigMaps have not caught up yet.");
        }
        return missing;
    }

    /// Whether the work that recurs still does.
    boolean alive() {
        return clock.instant().isBefore(upkeptAt.plus(STUCK));
    }

    /// Nobody is let in before the settings are known: without the trust domain no certificate
    /// could be judged.
    private synchronized void keepUp() {
        guarded(
                        () -> {
                            if (authority.refresh()) {
                                configMaps.rootsChanged();
                            }
                            serving.renewIfDue();
                            if (serving.notAfter() != null && revision.current() != null) {
                                listen();
                            }
                            configMaps.tick();
                        })
                .run();
        upkeptAt = clock.instant();
    }

    private void listen() {
        try {
            if (!grpc.listening()) {
                grpc.start();
            }
            if (!webhook.listening()) {
                webhook.start();
            }
        } catch (IOException e) {
            LOG.error("a server cannot be started, it will be tried again: {}", e.getMessage());
        }
    }

    private @Nullable String rootsPem() {
        var root = authority.root();
        return root == null ? null : root.rootsPem();
    }

    private double secondsLeft(@Nullable Instant end) {
        return end == null ? 0 : Duration.between(clock.instant(), end).toSeconds();
    }

    private static List<String> serverNames(String revision, String namespace) {
        var service = Names.controlPlane(revision);
        return List.of(
                service + "." + namespace + ".svc",
                service + "." + namespace + ".svc.cluster.local",
                service + "." + namespace);
    }

    private static void addIfAny(List<String> list, @Nullable String text) {
        if (text != null) {
            list.add(text);
        }
    }

    /// An exception would end the recurrence.
    private static Runnable guarded(Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.error("recurring work failed", e);
            }
        };
    }
}
