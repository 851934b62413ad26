package dev.weft.e2e.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.app.Pace;
import dev.weft.e2e.app.Paces;
import dev.weft.e2e.demo.UpgradeFinding.PodFinding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class DemoReportTest {
    private static final String CLIENT = "spiffe://cluster.local/ns/demo/sa/load";

    private final Split split = new Split(90, 4_680, 5_200);
    private final List<PodFinding> pods = new ArrayList<>();
    private long failed;
    private long missing;
    private long duplicates;
    private long mtlsCalls = 9_000;
    private long perProtocol = 6_000;
    private int perSecond = 54;
    private int freshPerSecond = 18;
    private int slowSeconds;
    private long wrong;
    private int running;
    private Set<String> peers = Set.of(CLIENT);

    DemoReportTest() {
        for (int i = 0; i < 8; i++) {
            pods.add(new PodFinding("pod-" + i, "0.1.0", "0.2.0", true, 0, true));
        }
    }

    @Test
    void is_proved_when_everything_held() {
        assertThat(report(split).proofs()).allMatch(Proof::held);
        assertThat(report(split).proved()).isTrue();
    }

    @Test
    void one_failed_request_spoils_it() {
        failed = 1;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void one_lost_id_spoils_it() {
        missing = 1;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void one_id_that_came_twice_spoils_it() {
        duplicates = 1;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void one_plaintext_call_between_meshed_pods_spoils_it() {
        mtlsCalls = 8_999;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void a_client_with_another_identity_spoils_it() {
        peers = Set.of(CLIENT, "spiffe://cluster.local/ns/demo/sa/somebody");

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void a_load_generator_without_its_last_word_spoils_it() {
        running = 1;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void fewer_than_fifty_requests_a_second_of_a_protocol_spoil_it() {
        perSecond = 49;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void five_seconds_with_fewer_than_forty_requests_a_second_spoil_it() {
        slowSeconds = 2;
        assertThat(report(split).proved()).isTrue();

        slowSeconds = 5;
        assertThat(report(split).proved()).isFalse();
        assertThat(DemoPage.of(report(split), List.of())).contains("(worst 5 s: 30.0/s)");
    }

    @Test
    void another_share_of_new_connections_than_a_third_spoils_it() {
        freshPerSecond = 15;

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void a_request_with_which_two_things_are_wrong_fails_once() throws Exception {
        failed = 1;
        missing = 1;
        wrong = 1;

        JsonNode json = new ObjectMapper().readTree(report(split).toJson());

        assertThat(json.at("/requests/failed").asLong()).isEqualTo(1);
    }

    @Test
    void a_split_more_than_two_points_away_spoils_it() {
        assertThat(report(new Split(90, 4_577, 5_200)).proved()).isTrue();
        assertThat(report(new Split(90, 4_575, 5_200)).proved()).isFalse();
    }

    @Test
    void a_split_of_too_few_requests_spoils_it() {
        assertThat(report(new Split(90, 4_500, 4_999)).proved()).isFalse();
    }

    @Test
    void a_proxy_that_kept_its_version_spoils_it() {
        pods.set(3, new PodFinding("pod-3", "0.1.0", "0.1.0", true, 0, true));

        assertThat(report(split).proved()).isFalse();
        assertThat(DemoPage.of(report(split), List.of())).contains("FAIL").contains("pod-3");
    }

    @Test
    void a_pod_that_was_replaced_spoils_it() {
        pods.set(3, new PodFinding("pod-3", "0.1.0", "gone", false, 0, false));

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void an_application_that_restarted_spoils_it() {
        pods.set(3, new PodFinding("pod-3", "0.1.0", "0.2.0", true, 1, true));

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void a_proxy_that_was_idle_when_it_was_patched_spoils_it() {
        pods.set(3, new PodFinding("pod-3", "0.1.0", "0.2.0", true, 0, false));

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void fewer_than_eight_pods_spoil_it() {
        pods.removeLast();

        assertThat(report(split).proved()).isFalse();
    }

    @Test
    void the_json_has_exactly_the_promised_fields() throws Exception {
        JsonNode json = new ObjectMapper().readTree(report(split).toJson());

        assertThat(json.fieldNames())
                .toIterable()
                .containsExactly("requests", "mtls", "split", "upgrade", "seconds");
        assertThat(json.at("/requests/sent").asLong()).isEqualTo(18_000);
        assertThat(json.at("/requests/byProtocol/gRPC/sent").asLong()).isEqualTo(6_000);
        assertThat(json.at("/mtls/share").asDouble()).isEqualTo(1.0);
        assertThat(json.at("/mtls/clientIds/0").asText()).isEqualTo(CLIENT);
        assertThat(json.at("/split/measured").asDouble()).isEqualTo(90.0);
        assertThat(json.at("/upgrade").fieldNames())
                .toIterable()
                .containsExactly(
                        "from",
                        "to",
                        "seconds",
                        "appRestarts",
                        "proxiesUpgradedInPlace",
                        "longestHoldMillis");
    }

    private DemoReport report(Split split) {
        var finished =
                new TreeMap<>(
                        Map.of(
                                "HTTP/1.1",
                                perProtocol,
                                "HTTP/2",
                                perProtocol,
                                "gRPC",
                                perProtocol));
        var load =
                new LoadReport(
                        3 * perProtocol,
                        finished,
                        failed == 0 ? Map.of() : Map.of("gRPC", failed),
                        List.of(),
                        wrong,
                        missing,
                        List.of(),
                        duplicates,
                        List.of(),
                        0,
                        running,
                        9_000,
                        mtlsCalls,
                        peers,
                        new TreeMap<>(),
                        Map.of(),
                        pace());
        return new DemoReport(
                load,
                Set.of(CLIENT),
                split,
                new UpgradeFinding(
                        "0.1.0", "0.2.0", Duration.ofSeconds(60), pods, Duration.ofMillis(900)),
                Instant.ofEpochSecond(1_000),
                Instant.ofEpochSecond(1_100),
                Map.of("total", 200.0),
                List.of());
    }

    /// From second 1,000 to 1,100; the slow ones are in the middle.
    private Pace pace() {
        var seconds = new TreeMap<Long, Paces.Second>();
        for (long second = 1_000; second < 1_100; second++) {
            boolean slow = second >= 1_050 && second < 1_050 + slowSeconds;
            seconds.put(
                    second,
                    slow
                            ? new Paces.Second(20, 10)
                            : new Paces.Second(perSecond - freshPerSecond, freshPerSecond));
        }
        return Paces.of(seconds);
    }
}
