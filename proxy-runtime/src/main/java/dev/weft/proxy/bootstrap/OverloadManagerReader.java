package dev.weft.proxy.bootstrap;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import dev.weft.proxy.overload.OverloadRules;
import dev.weft.proxy.overload.ResetRules;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.overload.v3.OverloadAction;
import io.envoyproxy.envoy.config.overload.v3.OverloadManager;
import io.envoyproxy.envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig;
import io.envoyproxy.envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig;

/// Reads `overload_manager`. What it does not know it refuses: a limit that is not there would be
/// missed only when it is too late.
final class OverloadManagerReader {
    private static final String HEAP = "envoy.resource_monitors.fixed_heap";
    private static final String CONNECTIONS =
            "envoy.resource_monitors.global_downstream_max_connections";
    private static final String ACTIONS = "envoy.overload_actions.";

    private static final int LEAST_POWER = 10;
    private static final int MOST_POWER = 56;

    private OverloadManagerReader() {}

    static OverloadRules rules(Bootstrap bootstrap)
            throws InvalidBootstrap, InvalidProtocolBufferException {
        if (!bootstrap.hasOverloadManager()) {
            return OverloadRules.DEFAULT;
        }
        var manager = bootstrap.getOverloadManager();
        if (manager.getLoadshedPointsCount() > 0) {
            throw refused("loadshed_points are not supported");
        }
        long heap = -1;
        var connections = Integer.MAX_VALUE;
        for (var monitor : manager.getResourceMonitorsList()) {
            switch (monitor.getName()) {
                case HEAP ->
                        heap =
                                monitor.getTypedConfig()
                                        .unpackSameTypeAs(FixedHeapConfig.getDefaultInstance())
                                        .getMaxHeapSizeBytes();
                case CONNECTIONS ->
                        connections =
                                connections(
                                        monitor.getTypedConfig()
                                                .unpackSameTypeAs(
                                                        DownstreamConnectionsConfig
                                                                .getDefaultInstance())
                                                .getMaxActiveDownstreamConnections());
                default ->
                        throw refused(
                                "resource monitor " + monitor.getName() + " is not supported");
            }
        }
        if (heap == 0 || heap < -1) {
            throw refused("max_heap_size_bytes must be greater than 0");
        }
        if (heap < 0 && manager.getActionsCount() > 0) {
            throw refused("there are actions, but no resource monitor " + HEAP);
        }
        return actions(manager, connections, Math.max(0, heap));
    }

    private static OverloadRules actions(OverloadManager manager, int connections, long heap)
            throws InvalidBootstrap {
        var keepAlive = OverloadRules.NEVER;
        var requests = OverloadRules.NEVER;
        var accepts = OverloadRules.NEVER;
        var resets = ResetRules.NEVER;
        for (var action : manager.getActionsList()) {
            switch (action.getName()) {
                case ACTIONS + "disable_http_keepalive" -> keepAlive = threshold(action);
                case ACTIONS + "stop_accepting_requests" -> requests = threshold(action);
                case ACTIONS + "stop_accepting_connections",
                        ACTIONS + "reject_incoming_connections" ->
                        accepts = Math.min(accepts, threshold(action));
                case ACTIONS + "reset_high_memory_stream" -> resets = resets(manager, action);
                default -> throw refused("action " + action.getName() + " is not supported");
            }
        }
        return new OverloadRules(connections, heap, keepAlive, requests, accepts, resets);
    }

    private static ResetRules resets(OverloadManager manager, OverloadAction action)
            throws InvalidBootstrap {
        var power = manager.getBufferFactoryConfig().getMinimumAccountToTrackPowerOfTwo();
        if (power < LEAST_POWER || power > MOST_POWER) {
            throw refused(
                    "action "
                            + action.getName()
                            + " needs a minimum_account_to_track_power_of_two from "
                            + LEAST_POWER
                            + " to "
                            + MOST_POWER);
        }
        if (action.getTriggersCount() != 1 || !action.getTriggers(0).hasScaled()) {
            var threshold = threshold(action);
            return new ResetRules(threshold, threshold, power);
        }
        var trigger = action.getTriggers(0);
        var scaling = trigger.getScaled().getScalingThreshold();
        var saturation = trigger.getScaled().getSaturationThreshold();
        if (!trigger.getName().equals(HEAP)
                || action.hasTypedConfig()
                || !(scaling >= 0 && scaling < saturation && saturation <= 1)) {
            throw refused(
                    "the trigger of "
                            + action.getName()
                            + " must be of "
                            + HEAP
                            + ", its thresholds between 0 and 1, and that of scaling the lower"
                            + " one");
        }
        return new ResetRules(scaling, saturation, power);
    }

    private static double threshold(OverloadAction action) throws InvalidBootstrap {
        if (action.getTriggersCount() != 1
                || !action.getTriggers(0).getName().equals(HEAP)
                || !action.getTriggers(0).hasThreshold()
                || action.hasTypedConfig()) {
            throw refused(
                    "action "
                            + action.getName()
                            + " must have one trigger, a threshold of "
                            + HEAP);
        }
        var value = action.getTriggers(0).getThreshold().getValue();
        if (!(value >= 0 && value <= 1)) {
            throw refused("the threshold of " + action.getName() + " is not between 0 and 1");
        }
        return value;
    }

    private static int connections(long most) throws InvalidBootstrap {
        if (most < 1) {
            throw refused("max_active_downstream_connections must be greater than 0");
        }
        return (int) Math.min(most, Integer.MAX_VALUE);
    }

    private static InvalidBootstrap refused(String why) {
        return new InvalidBootstrap("overload_manager: " + why);
    }
}
