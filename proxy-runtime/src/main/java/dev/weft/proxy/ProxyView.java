package dev.weft.proxy;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.proxy.admin.Health;
import dev.weft.proxy.admin.Insight;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.telemetry.ProxyMetrics;
import dev.weft.proxy.xds.AdsClient;
import dev.weft.proxy.xds.Configuration;
import dev.weft.proxy.xds.ResourceType;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;

/// The proxy as its own ports show it.
final class ProxyView implements Health, Insight {
    private final Build build;
    private final ProxyMetrics metrics;
    private final Configuration configuration;
    private final AdsClient ads;
    private final DataPlane dataPlane;
    private final Readiness readiness;
    private final Lifecycle lifecycle;
    private final ControlThread control;
    private final EventLoopGroup traffic;

    ProxyView(
            Build build,
            ProxyMetrics metrics,
            Configuration configuration,
            AdsClient ads,
            DataPlane dataPlane,
            Readiness readiness,
            Lifecycle lifecycle,
            ControlThread control,
            EventLoopGroup traffic) {
        this.build = build;
        this.metrics = metrics;
        this.configuration = configuration;
        this.ads = ads;
        this.dataPlane = dataPlane;
        this.readiness = readiness;
        this.lifecycle = lifecycle;
        this.control = control;
        this.traffic = traffic;
    }

    @Override
    public Optional<String> unready() {
        return lifecycle.leaving() ? Optional.of("draining") : readiness.missing();
    }

    @Override
    public CompletionStage<?> pulse() {
        var beats = new ArrayList<CompletableFuture<?>>();
        beats.add(CompletableFuture.runAsync(() -> {}, control));
        StreamSupport.stream(traffic.spliterator(), false)
                .map(loop -> CompletableFuture.runAsync(() -> {}, loop))
                .forEach(beats::add);
        return CompletableFuture.allOf(beats.toArray(CompletableFuture[]::new));
    }

    @Override
    public CompletionStage<String> config() {
        return CompletableFuture.supplyAsync(this::describe, control);
    }

    private String describe() {
        var versions = new JsonObject();
        for (ResourceType type : ResourceType.values()) {
            var ofType = new JsonObject();
            configuration.versions(type).forEach(ofType::addProperty);
            versions.add(type.name().toLowerCase(Locale.ROOT), ofType);
        }
        var json = new JsonObject();
        json.addProperty("revision", ads.revision().orElse(""));
        json.addProperty("synced", ads.synced());
        json.add("versions", versions);
        json.add("refused", refused());
        json.add("waiting", waiting());
        json.add("inForce", JsonParser.parseString(dataPlane.dump()));
        return json.toString();
    }

    /// By type and name what is not in force as it was sent, and why.
    private JsonObject refused() {
        var refused = new JsonObject();
        for (ResourceType type : ResourceType.values()) {
            var ofType = new JsonObject();
            configuration.refused(type).forEach(ofType::addProperty);
            refused.add(type.name().toLowerCase(Locale.ROOT), ofType);
        }
        return refused;
    }

    /// Listeners that do not accept, and why.
    private JsonArray waiting() {
        var waiting = new JsonArray();
        dataPlane.listeners().troubles(_ -> true).forEach(waiting::add);
        return waiting;
    }

    @Override
    public String clusters() {
        return new Gson().toJson(dataPlane.clusters());
    }

    @Override
    public String version() {
        var features = new JsonArray();
        build.features().forEach(features::add);
        var json = new JsonObject();
        json.addProperty("version", build.version());
        json.add("features", features);
        return json.toString();
    }

    @Override
    public String metrics() {
        return metrics.text();
    }
}
