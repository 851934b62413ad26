package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpgradesTest {
    private static final Upgrades ON = new Upgrades(Set.of("websocket"), Set.of(), false);
    private static final Upgrades OFF = new Upgrades(Set.of(), Set.of("websocket"), false);

    @ParameterizedTest
    @CsvSource({
        "on, none, true", "on, off, false", "on, on, true",
        "off, none, false", "off, off, false", "off, on, true",
        "none, none, false", "none, off, false", "none, on, true"
    })
    void what_a_route_says_counts_more_than_what_its_listener_says(
            String listener, String route, boolean allowed) {
        assertThat(named(route).allow("WebSocket", named(listener))).isEqualTo(allowed);
        assertThat(named(route).allow("other", named(listener))).isFalse();
    }

    private static Upgrades named(String name) {
        return switch (name) {
            case "on" -> ON;
            case "off" -> OFF;
            default -> Upgrades.NONE;
        };
    }
}
