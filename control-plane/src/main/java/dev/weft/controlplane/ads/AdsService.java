package dev.weft.controlplane.ads;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The delta ADS server.
@ApplicationScoped
public class AdsService extends AggregatedDiscoveryServiceImplBase implements ProxyRegistry {
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    @Override
    public Snapshot snapshot() {
        return new Snapshot(0, List.of(), 0, 0, null, List.of());
    }

    @Override
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }
}
