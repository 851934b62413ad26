package dev.weft.controlplane.change;

import dev.weft.controlplane.ads.AdsService;
import dev.weft.controlplane.revision.RevisionSource;
import dev.weft.controlplane.routestatus.RouteStatusWriter;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jspecify.annotations.Nullable;

/// Starts the pipeline with the process. Ready means: proxies can be served.
@Singleton
@Readiness
final class Startup implements HealthCheck {
    private final KubernetesClient client;
    private final RevisionSource revision;
    private final AdsService ads;
    private volatile @Nullable ChangePipeline pipeline;

    @Inject
    Startup(
            KubernetesClient client,
            RevisionSource revision,
            AdsService ads,
            MeterRegistry meters) {
        meters.more().counter("weft.xds.acks", Tags.empty(), ads, AdsService::acks);
        meters.more().counter("weft.xds.nacks", Tags.empty(), ads, AdsService::nacks);
        meters.gauge("weft.xds.streams", ads, AdsService::streams);
        this.client = client;
        this.revision = revision;
        this.ads = ads;
    }

    void start(@Observes StartupEvent event) {
        pipeline = new ChangePipeline(client, revision, ads, new RouteStatusWriter(client));
    }

    void stop(@Observes ShutdownEvent event) {
        ChangePipeline running = pipeline;
        if (running != null) {
            running.close();
        }
    }

    @Override
    public HealthCheckResponse call() {
        ChangePipeline running = pipeline;
        List<String> missing = running == null ? List.of("start") : running.missing();
        return HealthCheckResponse.named("xDS")
                .status(missing.isEmpty())
                .withData("missing", String.join(", ", missing))
                .build();
    }
}
