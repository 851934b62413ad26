package dev.weft.proxy.cluster;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import io.netty.util.NetUtil;
import java.util.ArrayList;
import java.util.List;

/// An endpoint as the admin port shows it.
///
/// @param health `healthy`, or Envoy's flags that speak against it
/// @param active requests and opaque connections that it has now
public record EndpointView(String address, int priority, List<String> health, int active) {
    public EndpointView {
        health = List.copyOf(health);
    }

    /// @param told whether the control plane still tells of it
    static EndpointView of(EndpointSpec endpoint, int priority, Vitals vitals, boolean told) {
        var flags = new ArrayList<String>();
        switch (vitals.checked()) {
            case AWAITED -> flags.add("pending_active_hc");
            case FAILS -> flags.add("failed_active_hc");
            case DEGRADED -> flags.add("degraded_active_hc");
            case NEVER, PASSES -> {}
        }
        if (vitals.isEjected()) {
            flags.add("failed_outlier_check");
        }
        switch (endpoint.health()) {
            case UNHEALTHY -> flags.add("failed_eds_health");
            case DEGRADED -> flags.add("degraded_eds_health");
            case DRAINING -> flags.add("eds_status_draining");
            case HEALTHY -> {}
        }
        if (!told) {
            flags.add("pending_dynamic_removal");
        }
        return new EndpointView(
                NetUtil.toSocketAddressString(endpoint.address()),
                priority,
                flags.isEmpty() ? List.of("healthy") : flags,
                vitals.active());
    }
}
