package dev.weft.proxy.route;

import java.util.Locale;
import java.util.Set;

/// Which protocols a request may change to (Envoy's `upgrade_configs`), of a listener or of a
/// route. CONNECT counts as one of them.
///
/// @param on in lower case
/// @param off in lower case
/// @param endsTunnels a CONNECT ends here: its bytes go to the cluster as they are. Otherwise it is
///   the endpoint that is asked for the tunnel
public record Upgrades(Set<String> on, Set<String> off, boolean endsTunnels) {
    public static final Upgrades NONE = new Upgrades(Set.of(), Set.of(), false);
    public static final String CONNECT = "connect";

    public Upgrades {
        on = Set.copyOf(on);
        off = Set.copyOf(off);
    }

    /// What a route says counts, then what its listener says; what nobody speaks of is not allowed.
    ///
    /// @param type case does not matter
    public boolean allow(String type, Upgrades ofListener) {
        var lower = type.toLowerCase(Locale.ROOT);
        return on.contains(lower) || (!off.contains(lower) && ofListener.on.contains(lower));
    }

    public boolean allowTunnels() {
        return on.contains(CONNECT);
    }
}
