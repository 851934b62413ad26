package dev.weft.proxy.config;

import dev.weft.proxy.route.Upgrades;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Compiles `upgrade_configs`.
final class UpgradeCompiler {
    private final String place;
    private final Set<String> on = new HashSet<>();
    private final Set<String> off = new HashSet<>();
    private boolean endsTunnels;

    private UpgradeCompiler(String place) {
        this.place = place + ".upgrade_configs";
    }

    static Upgrades ofListener(String place, List<HttpConnectionManager.UpgradeConfig> configs) {
        var upgrades = new UpgradeCompiler(place);
        for (var config : configs) {
            upgrades.add(
                    config.getUpgradeType(),
                    !config.hasEnabled() || config.getEnabled().getValue());
        }
        return upgrades.done();
    }

    static Upgrades ofRoute(String place, List<RouteAction.UpgradeConfig> configs) {
        var upgrades = new UpgradeCompiler(place);
        for (var config : configs) {
            var type =
                    upgrades.add(
                            config.getUpgradeType(),
                            !config.hasEnabled() || config.getEnabled().getValue());
            if (config.hasConnectConfig()) {
                upgrades.endTunnels(type);
            }
        }
        return upgrades.done();
    }

    private String add(String name, boolean enabled) {
        var type = name.toLowerCase(Locale.ROOT);
        if (type.isEmpty()) {
            throw Rejected.at(place, "needs upgrade_type, for example websocket");
        }
        if (on.contains(type) || off.contains(type)) {
            throw Rejected.at(place, "upgrade_type " + name + " is there twice");
        }
        if (enabled) {
            on.add(type);
        } else {
            off.add(type);
        }
        return type;
    }

    private void endTunnels(String type) {
        if (!type.equals(Upgrades.CONNECT)) {
            throw Rejected.at(place, "connect_config is for upgrade_type CONNECT, not for " + type);
        }
        endsTunnels = true;
    }

    private Upgrades done() {
        return on.isEmpty() && off.isEmpty() ? Upgrades.NONE : new Upgrades(on, off, endsTunnels);
    }
}
