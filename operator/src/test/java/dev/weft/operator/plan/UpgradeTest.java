package dev.weft.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallationStatus.Proxies;
import dev.weft.api.MeshInstallationStatus.UpgradePhase;
import dev.weft.api.MeshRevisionSpec.WorkedPod;
import dev.weft.operator.Cluster;
import dev.weft.operator.observe.Images;
import dev.weft.operator.observe.MeshedPod;
import dev.weft.operator.plan.Plan.Run;
import dev.weft.operator.plan.Standing.Configuring;
import dev.weft.operator.plan.Standing.GivenUp;
import dev.weft.operator.plan.Standing.Installing;
import dev.weft.operator.plan.Standing.Moving;
import dev.weft.operator.plan.Standing.Patching;
import dev.weft.operator.plan.Standing.Starting;
import dev.weft.operator.plan.Standing.Steady;
import dev.weft.operator.plan.Standing.UnknownVersion;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class UpgradeTest {
    @Test
    void the_first_version_is_installed_and_takes_new_pods_at_once() {
        var cluster = new Cluster("0.1.0");

        var plan = run(cluster.step());

        assertThat(plan.standing()).isEqualTo(new Installing("0.1.0"));
        assertThat(plan.injecting()).isEqualTo("0-1-0");
        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.1.0", List.of()));
    }

    @Test
    void an_upgrade_ends_with_one_revision_all_pods_on_it_and_all_proxies_replaced() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.want("0.2.0");

        var plan = cluster.settle();

        assertThat(plan.standing()).isEqualTo(new Steady("0.2.0", List.of()));
        assertThat(cluster.revisions.keySet()).containsExactly("0-2-0");
        assertThat(cluster.pods).allMatch(p -> p.revision().equals("0-2-0"));
        assertThat(cluster.pods).allMatch(p -> p.proxyImage().equals("proxy:0.2.0"));
        assertThat(cluster.status().version()).isEqualTo("0.2.0");
        assertThat(cluster.upgrade().phase()).isEqualTo(UpgradePhase.Done);
        assertThat(cluster.status().proxies()).isEqualTo(new Proxies(8, 8));
        assertThat(cluster.proofs).isEmpty();
    }

    @Test
    void going_back_works_the_same_way_also_in_the_middle() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.want("0.2.0");
        cluster.until(p -> p.standing() instanceof Patching patching && patching.patched() == 3);
        cluster.want("0.1.0");

        var plan = cluster.settle();

        assertThat(plan.standing()).isEqualTo(new Steady("0.1.0", List.of()));
        assertThat(cluster.revisions.keySet()).containsExactly("0-1-0");
        assertThat(cluster.pods).allMatch(p -> p.revision().equals("0-1-0"));
        assertThat(cluster.pods).allMatch(p -> p.proxyImage().equals("proxy:0.1.0"));
    }

    @Test
    void a_third_version_wanted_in_the_middle_replaces_both() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.want("0.2.0");
        cluster.until(p -> p.standing() instanceof Moving moving && moving.moved() == 4);
        cluster.want("0.3.0");

        cluster.settle();

        assertThat(cluster.revisions.keySet()).containsExactly("0-3-0");
        assertThat(cluster.pods).allMatch(p -> p.revision().equals("0-3-0"));
        assertThat(cluster.pods).allMatch(p -> p.proxyImage().equals("proxy:0.3.0"));
    }

    @Test
    void no_pod_moves_before_the_new_control_plane_is_available() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.neverAvailable.add("0-2-0");
        cluster.want("0.2.0");

        var plan = cluster.settle();

        assertThat(plan.standing()).isInstanceOf(Starting.class);
        assertThat(cluster.changes).isEmpty();
        assertThat(run(plan).injecting()).isEqualTo("0-1-0");
    }

    @Test
    void a_control_plane_that_misses_the_deadline_is_given_up_and_not_tried_again() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.neverAvailable.add("0-2-0");
        cluster.want("0.2.0");
        cluster.settle();

        cluster.pass(Duration.ofMinutes(6));
        var plan = cluster.settle();

        assertThat(plan.standing()).isEqualTo(new GivenUp("0.1.0", "0.2.0", Duration.ofMinutes(5)));
        assertThat(cluster.revisions.keySet()).containsExactly("0-1-0");
        assertThat(cluster.changes).isEmpty();
        cluster.pass(Duration.ofHours(1));
        assertThat(cluster.settle().standing()).isInstanceOf(GivenUp.class);
        assertThat(cluster.revisions.keySet()).containsExactly("0-1-0");
    }

    @Test
    void what_was_given_up_is_tried_again_with_a_full_deadline_when_spec_changes() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.neverAvailable.add("0-2-0");
        cluster.want("0.2.0");
        cluster.settle();
        cluster.pass(Duration.ofMinutes(6));
        cluster.settle();

        cluster.generation++;

        assertThat(cluster.step().standing()).isInstanceOf(Starting.class);
        cluster.pass(Duration.ofMinutes(4));
        assertThat(cluster.step().standing()).isInstanceOf(Starting.class);
        cluster.neverAvailable.clear();
        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
    }

    @Test
    void each_step_moves_its_share_and_waits_until_the_pods_are_seen() {
        var cluster = Cluster.running("0.1.0", 10);
        cluster.want("0.2.0");
        cluster.until(p -> p.standing() instanceof Moving);
        assertThat(moved(cluster)).isEqualTo(1);

        cluster.connecting = false;
        cluster.settle();
        assertThat(moved(cluster)).isEqualTo(1);

        cluster.connecting = true;
        cluster.step();
        assertThat(moved(cluster)).isEqualTo(5);
    }

    @Test
    void new_pods_go_to_the_new_revision_only_when_all_old_ones_have_moved() {
        var cluster = Cluster.running("0.1.0", 4);
        cluster.want("0.2.0");

        cluster.until(p -> {
            var injecting = run(p).injecting();
            assertThat(injecting).isEqualTo(moved(cluster) < 4 ? "0-1-0" : injecting);
            return injecting.equals("0-2-0");
        });

        assertThat(cluster.revision("0-2-0").spec.injecting()).isTrue();
        assertThat(cluster.revision("0-1-0").spec.injecting()).isFalse();
    }

    @Test
    void never_is_more_than_one_proxy_away() {
        var cluster = Cluster.running("0.1.0", 6);
        cluster.want("0.2.0");
        cluster.until(p -> p.standing() instanceof Patching);
        cluster.restarting = false;

        cluster.settle();

        assertThat(replaced(cluster)).hasSize(1);
    }

    @Test
    void no_image_is_changed_before_every_replica_says_drained() {
        var cluster = Cluster.running("0.1.0", 6);
        cluster.acknowledging = false;
        cluster.want("0.2.0");

        cluster.settle();
        assertThat(replaced(cluster)).isEmpty();
        assertThat(drained(cluster)).hasSize(1);

        cluster.acknowledging = true;
        cluster.settle();
        assertThat(replaced(cluster)).hasSize(6);
        assertThat(drained(cluster)).isEmpty();
    }

    @Test
    void the_next_pod_waits_until_the_last_one_is_ready_again() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.want("0.2.0");
        cluster.until(p -> !replaced(cluster).isEmpty());
        var first = replaced(cluster).getFirst();
        cluster.change(first, p -> ready(p, false));

        cluster.settle();
        assertThat(replaced(cluster)).containsExactly(first);
        assertThat(cluster.upgrade().message()).contains("shop/" + first).contains("Ready");

        cluster.change(first, p -> ready(p, true));
        cluster.settle();
        assertThat(new TreeSet<>(replaced(cluster))).hasSize(3);
    }

    @Test
    void a_readiness_from_before_the_restart_counts_only_when_it_lasts() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.want("0.2.0");
        cluster.until(p -> !replaced(cluster).isEmpty());
        var first = replaced(cluster).getFirst();
        var restart = cluster.now.plusSeconds(2);
        cluster.change(first, p -> since(p, restart.minusSeconds(600), restart));

        cluster.settle();
        assertThat(replaced(cluster)).containsExactly(first);
        cluster.change(first, p -> since(p, restart.plusSeconds(1), restart));
        cluster.until(p -> replaced(cluster).size() == 2);

        var second = replaced(cluster).getLast();
        var again = cluster.now.plusSeconds(2);
        cluster.change(second, p -> since(p, again.minusSeconds(600), again));
        cluster.settle();
        assertThat(replaced(cluster)).containsExactly(first, second);
        cluster.pass(Duration.ofSeconds(12));
        cluster.settle();
        assertThat(new TreeSet<>(replaced(cluster))).hasSize(3);
    }

    @Test
    void a_pod_that_vanishes_while_it_is_worked_on_holds_nothing_up() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.acknowledging = false;
        cluster.want("0.2.0");
        cluster.settle();
        var uid = drained(cluster).getFirst().uid();

        cluster.pods.removeIf(p -> p.uid().equals(uid));
        cluster.acknowledging = true;

        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
    }

    @Test
    void a_pod_whose_endpoints_are_not_ready_yet_keeps_its_mark() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.holding = true;
        cluster.want("0.2.0");
        cluster.settle();
        assertThat(String.valueOf(cluster.status().upgrade()))
                .contains("its endpoints are not ready");
        assertThat(replaced(cluster)).hasSize(1);
        assertThat(drained(cluster)).hasSize(1);

        cluster.holding = false;

        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
    }

    @Test
    void a_changed_spec_is_in_progress_until_every_proxy_has_taken_it_over() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.syncing = false;
        cluster.strict();

        assertThat(cluster.settle().standing())
                .isEqualTo(new Configuring("0.1.0", 0, 3, List.of()));
        assertThat(cluster.status().condition(ConditionType.Progressing))
                .returns("True", c -> c.getStatus())
                .returns("Configuring", c -> c.getReason());
        cluster.syncing = true;
        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.1.0", List.of()));

        cluster.syncing = false;
        assertThat(cluster.settle().standing())
                .as("what proxies learn later is not of spec")
                .isEqualTo(new Steady("0.1.0", List.of()));
    }

    @Test
    void a_straggler_of_the_old_webhook_is_moved_without_losing_the_mark_of_the_pod_in_work() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.acknowledging = false;
        cluster.want("0.2.0");
        cluster.settle();
        var marked = drained(cluster);

        cluster.start("late");
        cluster.change("late", p -> onRevision(p, "0-1-0", "proxy:0.1.0"));
        cluster.step();

        assertThat(drained(cluster)).isEqualTo(marked);
        assertThat(cluster.pods).allMatch(p -> p.revision().equals("0-2-0"));
        cluster.acknowledging = true;
        cluster.settle();
        assertThat(cluster.pods).allMatch(p -> p.proxyImage().equals("proxy:0.2.0"));
    }

    @Test
    void an_image_that_cannot_be_started_on_a_node_reaches_no_pod_there() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.proving = false;
        cluster.want("0.2.0");

        cluster.settle();
        assertThat(replaced(cluster)).isEmpty();
        assertThat(cluster.status().conditions())
                .anyMatch(c -> "ImageNotProved".equals(c.getReason()));

        cluster.start("new");
        cluster.settle();
        assertThat(cluster.pods)
                .as("new pods too")
                .allMatch(p -> p.proxyImage().equals("proxy:0.1.0"))
                .allMatch(p -> p.revision().equals("0-2-0"));

        cluster.proving = true;
        cluster.pass(Duration.ofMinutes(5));
        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
    }

    @Test
    void pods_of_another_injection_contract_keep_their_proxy_and_status_says_so() {
        var cluster = Cluster.running("0.1.0", 3);
        cluster.versions.put("0.2.0", new Images("cp:0.2.0", "proxy:0.2.0", 2));
        cluster.want("0.2.0");

        var plan = cluster.settle();

        assertThat(replaced(cluster)).isEmpty();
        assertThat(((Steady) plan.standing()).kept()).hasSize(3);
        assertThat(cluster.status().conditions())
                .anyMatch(c -> "InjectionContract".equals(c.getReason()));
        assertThat(cluster.pods).allMatch(p -> p.revision().equals("0-2-0"));
    }

    @Test
    void a_proxy_that_does_not_run_is_given_its_image_without_a_drain_and_waited_for_by_nobody() {
        var cluster = Cluster.running("0.1.0", 2);
        cluster.start("pending");
        cluster.change("pending", UpgradeTest::notRunning);
        cluster.want("0.2.0");

        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
        assertThat(cluster.pods).allMatch(p -> p.proxyImage().equals("proxy:0.2.0"));
    }

    @Test
    void an_unknown_version_touches_nothing() {
        var cluster = Cluster.running("0.1.0", 3);
        var before = cluster.revision("0-1-0").spec;
        cluster.want("9.9.9");

        var plan = cluster.settle();

        assertThat(plan.standing()).isEqualTo(new UnknownVersion("9.9.9", "0.1.0"));
        assertThat(cluster.revision("0-1-0").spec).isEqualTo(before);
        assertThat(cluster.changes).isEmpty();
        assertThat(cluster.status().version()).isEqualTo("0.1.0");
    }

    @Test
    void a_mesh_without_pods_is_upgraded_too() {
        var cluster = Cluster.running("0.1.0", 0);
        cluster.want("0.2.0");

        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
        assertThat(cluster.revisions.keySet()).containsExactly("0-2-0");
    }

    @Test
    void an_upgrade_may_lose_its_status_at_any_moment() {
        var cluster = Cluster.running("0.1.0", 8);
        cluster.want("0.2.0");
        var standings = new ArrayList<Class<?>>();

        for (var i = 0;
                i < 200 && !cluster.revisions.keySet().equals(java.util.Set.of("0-2-0"));
                i++) {
            standings.add(cluster.step().standing().getClass());
            cluster.status = null;
        }

        assertThat(cluster.settle().standing()).isEqualTo(new Steady("0.2.0", List.of()));
        assertThat(standings).contains(Moving.class, Patching.class);
    }

    private static Run run(Plan plan) {
        assertThat(plan).isInstanceOf(Run.class);
        return (Run) plan;
    }

    private static long moved(Cluster cluster) {
        return cluster.pods.stream().filter(p -> p.revision().equals("0-2-0")).count();
    }

    private static List<String> replaced(Cluster cluster) {
        return cluster.changes.stream()
                .filter(PodChange.Replace.class::isInstance)
                .map(c -> c.pod().name())
                .toList();
    }

    private static List<WorkedPod> drained(Cluster cluster) {
        return cluster.revisions.values().stream()
                .flatMap(r -> r.spec.pods().stream())
                .filter(WorkedPod::drain)
                .toList();
    }

    private static MeshedPod ready(MeshedPod p, boolean ready) {
        return new MeshedPod(
                p.namespace(),
                p.name(),
                p.uid(),
                p.node(),
                p.revision(),
                p.proxyImage(),
                p.contract(),
                ready,
                p.terminating(),
                p.proxyRunning(),
                p.readySince(),
                p.proxySince(),
                p.proxyContainer(),
                p.replacing(),
                p.spare());
    }

    private static MeshedPod since(MeshedPod p, Instant ready, Instant proxy) {
        return new MeshedPod(
                p.namespace(),
                p.name(),
                p.uid(),
                p.node(),
                p.revision(),
                p.proxyImage(),
                p.contract(),
                true,
                p.terminating(),
                true,
                ready,
                proxy,
                p.proxyContainer(),
                p.replacing(),
                p.spare());
    }

    private static MeshedPod notRunning(MeshedPod p) {
        return new MeshedPod(
                p.namespace(),
                p.name(),
                p.uid(),
                "",
                p.revision(),
                p.proxyImage(),
                p.contract(),
                false,
                p.terminating(),
                false,
                p.readySince(),
                Instant.EPOCH,
                "",
                "",
                p.spare());
    }

    private static MeshedPod onRevision(MeshedPod p, String revision, String image) {
        return new MeshedPod(
                p.namespace(),
                p.name(),
                p.uid(),
                p.node(),
                revision,
                image,
                p.contract(),
                p.ready(),
                p.terminating(),
                p.proxyRunning(),
                p.readySince(),
                p.proxySince(),
                p.proxyContainer(),
                p.replacing(),
                p.spare());
    }
}
