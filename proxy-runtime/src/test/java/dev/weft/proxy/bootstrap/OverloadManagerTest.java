package dev.weft.proxy.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import dev.weft.proxy.overload.OverloadRules;
import dev.weft.proxy.overload.ResetRules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverloadManagerTest {
    private static final String HEAP =
            """
            {"name": "envoy.resource_monitors.fixed_heap", "typed_config": {
             "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
             "max_heap_size_bytes": "100000000"}}
            """;

    private static final String CONNECTIONS =
            """
            {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": {
             "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
             "max_active_downstream_connections": "50"}}
            """;

    @Test
    void without_it_there_are_limits_too() throws InvalidBootstrap {
        assertThat(BootstrapFile.parse("a", bootstrap("")).overload())
                .isEqualTo(OverloadRules.DEFAULT);
    }

    @Test
    void monitors_and_actions_are_honoured() throws InvalidBootstrap {
        var rules =
                rules(
                        HEAP + "," + CONNECTIONS,
                        action("disable_http_keepalive", "0.8")
                                + ","
                                + action("stop_accepting_requests", "0.9")
                                + ","
                                + action("stop_accepting_connections", "0.95"));

        assertThat(rules)
                .isEqualTo(new OverloadRules(50, 100_000_000, 0.8, 0.9, 0.95, ResetRules.NEVER));
    }

    @Test
    void what_is_not_said_is_not_done() throws InvalidBootstrap {
        assertThat(rules(CONNECTIONS, ""))
                .isEqualTo(
                        new OverloadRules(
                                50,
                                0,
                                OverloadRules.NEVER,
                                OverloadRules.NEVER,
                                OverloadRules.NEVER,
                                ResetRules.NEVER));
    }

    @Test
    void streams_with_much_memory_are_reset_from_a_share_on() throws InvalidBootstrap {
        assertThat(resets(20, action("reset_high_memory_stream", "0.9")))
                .isEqualTo(new ResetRules(0.9, 0.9, 20));
        assertThat(resets(10, scaled("0.7", "0.8"))).isEqualTo(new ResetRules(0.7, 0.8, 10));
    }

    @Test
    void thresholds_that_do_not_rise_are_refused() {
        assertThatThrownBy(() -> resets(20, scaled("0.8", "0.8")))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining("reset_high_memory_stream");
        assertThatThrownBy(() -> resets(57, scaled("0.7", "0.8")))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining("from 10 to 56");
    }

    private static ResetRules resets(int power, String action) throws InvalidBootstrap {
        return rules(
                        HEAP,
                        action
                                + "], \"buffer_factory_config\": {"
                                + "\"minimum_account_to_track_power_of_two\": "
                                + power
                                + "}, \"loadshed_points\": [")
                .resets();
    }

    private static String scaled(String scaling, String saturation) {
        return """
        {"name": "envoy.overload_actions.reset_high_memory_stream", "triggers": [
         {"name": "envoy.resource_monitors.fixed_heap",
          "scaled": {"scaling_threshold": %s, "saturation_threshold": %s}}]}
        """
                .formatted(scaling, saturation);
    }

    @ParameterizedTest
    @CsvSource({
        "shrink_heap, 0.9, shrink_heap",
        "stop_accepting_requests, 1.5, between 0 and 1",
        "reset_high_memory_stream, 0.9, minimum_account_to_track_power_of_two"
    })
    void what_is_not_known_is_refused(String action, String threshold, String why) {
        assertThatThrownBy(() -> rules(HEAP, action(action, threshold)))
                .isInstanceOf(InvalidBootstrap.class)
                .hasMessageContaining(why);
    }

    @Test
    void an_unknown_monitor_is_refused_by_name() {
        assertThatThrownBy(() -> rules("{\"name\": \"envoy.resource_monitors.cgroup_memory\"}", ""))
                .hasMessageContaining("cgroup_memory");
    }

    private static OverloadRules rules(String monitors, String actions) throws InvalidBootstrap {
        var manager =
                "\"overload_manager\": {\"resource_monitors\": [%s], \"actions\": [%s]},"
                        .formatted(monitors, actions);
        return BootstrapFile.parse("a", bootstrap(manager)).overload();
    }

    private static String action(String name, String threshold) {
        return """
        {"name": "envoy.overload_actions.%s", "triggers": [
         {"name": "envoy.resource_monitors.fixed_heap", "threshold": {"value": %s}}]}
        """
                .formatted(name, threshold);
    }

    private static String bootstrap(String more) {
        return """
        {%s "dynamic_resources": {"ads_config": {"grpc_services": [{"envoy_grpc": {"cluster_name": "ads"}}]}},
         "static_resources": {"clusters": [{"name": "ads", "load_assignment": {"cluster_name": "ads", "endpoints": [
         {"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "a", "port_value": 1}}}}]}]}}]}}
        """
                .formatted(more);
    }
}
