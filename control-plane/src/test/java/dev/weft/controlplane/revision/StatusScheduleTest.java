package dev.weft.controlplane.revision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.DrainState;
import dev.weft.api.MeshRevisionStatus.Replica;
import dev.weft.controlplane.ads.ProxyRegistry;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusScheduleTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private final StatusSchedule schedule = new StatusSchedule();

    @Test
    void the_first_entry_is_written_at_once_and_tried_again_every_five_seconds() {
        assertThat(schedule.due(entry(1, 0, false), NOW)).isTrue();
        schedule.attempted(NOW);

        assertThat(schedule.due(entry(1, 0, false), NOW.plusMillis(4_999))).isFalse();
        assertThat(schedule.due(entry(1, 0, false), NOW.plusSeconds(5))).isTrue();
    }

    @Test
    void what_the_operator_waits_for_is_written_within_a_quarter_of_a_second() {
        wrote(entry(1, 0, false));

        assertThat(schedule.due(entry(1, 0, true), NOW.plusMillis(249))).isFalse();
        assertThat(schedule.due(entry(1, 0, true), NOW.plusMillis(250))).isTrue();
    }

    @Test
    void all_other_news_waits_for_five_seconds() {
        wrote(entry(1, 0, false));

        assertThat(schedule.due(entry(1, 9, false), NOW.plusMillis(4_999))).isFalse();
        assertThat(schedule.due(entry(1, 9, false), NOW.plusSeconds(5))).isTrue();
    }

    @Test
    void how_many_have_taken_a_new_generation_over_is_written_soon_until_all_have() {
        wrote(entry(1, 0, false));
        wrote(all(entry(2, 0, false)));
        assertThat(schedule.due(entry(2, 0, false), NOW.plusMillis(4_999)))
                .as("all had it")
                .isFalse();

        assertThat(schedule.due(entry(3, 0, false), NOW.plusMillis(250))).isTrue();
        wrote(entry(3, 0, false));
        assertThat(schedule.due(all(entry(3, 0, false)), NOW.plusMillis(249))).isFalse();
        assertThat(schedule.due(all(entry(3, 0, false)), NOW.plusMillis(250))).isTrue();
    }

    private static Replica all(Replica entry) {
        return new Replica(
                entry.name(),
                entry.observedGeneration(),
                entry.proxies(),
                entry.versions(),
                entry.proxies(),
                entry.acks(),
                entry.nacks(),
                entry.lastNack(),
                entry.pods(),
                entry.time());
    }

    @Test
    void without_news_there_is_a_sign_of_life() {
        wrote(entry(1, 0, false));

        assertThat(schedule.due(entry(1, 0, false), NOW.plusSeconds(29))).isFalse();
        assertThat(schedule.due(entry(1, 0, false), NOW.plusSeconds(30))).isTrue();
    }

    @Test
    void an_entry_tells_versions_and_the_worked_pods_with_their_drain() {
        var entry = entry(3, 7, true);

        assertThat(entry.proxies()).isEqualTo(2);
        assertThat(entry.synced()).isEqualTo(1);
        assertThat(entry.versions())
                .extracting(v -> v.version() + "=" + v.proxies())
                .containsExactly("0.1.0=1", "0.2.0=1");
        assertThat(entry.pods())
                .singleElement()
                .satisfies(pod -> {
                    assertThat(pod.connected()).isTrue();
                    assertThat(pod.version()).isEqualTo("0.2.0");
                    assertThat(pod.drain()).isEqualTo(DrainState.Acknowledged);
                });
    }

    private void wrote(Replica entry) {
        schedule.attempted(NOW);
        schedule.written(entry);
    }

    private static Replica entry(long generation, long acks, boolean drained) {
        var drain = drained ? ProxyRegistry.Drain.ACKNOWLEDGED : ProxyRegistry.Drain.PENDING;
        var snapshot =
                new ProxyRegistry.Snapshot(
                        generation,
                        List.of(
                                new ProxyRegistry.ConnectedProxy(
                                        "shop", "web", "u1", "0.2.0", true),
                                new ProxyRegistry.ConnectedProxy(
                                        "shop", "db", "u2", "0.1.0", false)),
                        acks,
                        0,
                        null,
                        List.of(new ProxyRegistry.DrainingPod("shop", "web", "u1", drain, false)));
        var settings =
                new RevisionSettings(
                        generation,
                        "0.2.0",
                        "cluster.local",
                        RevisionSettings.MtlsMode.PERMISSIVE,
                        RevisionSettings.Mode.MESH,
                        Duration.ofHours(1),
                        "image",
                        new ResourceRequirements(),
                        true,
                        List.of(new RevisionSettings.WorkedPod("shop", "web", "u1", true)));
        return ReplicaReport.of("replica", snapshot, settings);
    }
}
