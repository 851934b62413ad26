package dev.weft.operator.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.DeletionPolicy;
import dev.weft.api.MeshInstallationSpec;
import dev.weft.api.RevisionMode;
import dev.weft.operator.Cluster;
import dev.weft.operator.plan.Plan.Remove;
import dev.weft.operator.plan.Plan.Run;
import dev.weft.operator.plan.Standing.AlreadyInstalled;
import dev.weft.operator.plan.Standing.Detaching;
import dev.weft.operator.plan.Standing.WaitingForWorkloads;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class RemovalTest {
    @Test
    void without_meshed_pods_everything_goes_at_once() {
        var cluster = Cluster.running("0.1.0", 0);
        cluster.deleting = true;

        assertThat(cluster.step()).isInstanceOf(Remove.class);
    }

    @Test
    void with_meshed_pods_deletion_waits_for_them_and_names_them() {
        var cluster = Cluster.running("0.1.0", 5);
        cluster.deleting = true;

        var plan = cluster.settle();

        assertThat(plan.standing()).isInstanceOf(WaitingForWorkloads.class);
        assertThat(((Run) plan).injecting()).isEqualTo("0-1-0");
        assertThat(cluster.status().conditions())
                .anyMatch(c ->
                        c.getType().equals("Degraded")
                                && c.getMessage().contains("5 meshed pods")
                                && c.getMessage().contains("shop/app-0")
                                && c.getMessage().contains("Detach"));

        cluster.pods.clear();
        assertThat(cluster.step()).isInstanceOf(Remove.class);
    }

    @Test
    void detaching_goes_through_permissive_to_pass_through_and_only_then_removes() {
        var cluster = detaching(4);
        var modes = new ArrayList<RevisionMode>();

        cluster.until(plan -> {
            if (plan.standing() instanceof Detaching detaching) {
                modes.add(detaching.mode());
            }
            return plan instanceof Remove;
        });

        assertThat(modes.stream().distinct())
                .containsExactly(RevisionMode.Permissive, RevisionMode.PassThrough);
    }

    @Test
    void detaching_sends_no_new_pod_to_the_injector() {
        var plan = (Run) detaching(4).step();

        assertThat(plan.injecting()).isEmpty();
    }

    @Test
    void a_mode_is_not_left_before_every_proxy_has_taken_it() {
        var cluster = detaching(4);
        cluster.syncing = false;
        assertThat(((Detaching) cluster.settle().standing()).mode())
                .isEqualTo(RevisionMode.Permissive);

        cluster.syncing = true;
        cluster.step();
        cluster.syncing = false;
        assertThat(((Detaching) cluster.settle().standing()).mode())
                .isEqualTo(RevisionMode.PassThrough);

        cluster.syncing = true;
        assertThat(cluster.step()).isInstanceOf(Remove.class);
    }

    @Test
    void a_proxy_that_is_not_connected_holds_detaching_up() {
        var cluster = detaching(4);
        cluster.connecting = false;

        assertThat(((Detaching) cluster.settle().standing()).mode())
                .isEqualTo(RevisionMode.Permissive);
    }

    @Test
    void a_removal_that_has_begun_goes_on_although_the_control_plane_is_gone() {
        var cluster = detaching(4);
        cluster.until(plan -> plan instanceof Remove);
        cluster.revisions.put("0-1-0", Cluster.running("0.1.0", 0).revision("0-1-0"));
        cluster.neverAvailable.add("0-1-0");

        assertThat(cluster.step()).isInstanceOf(Remove.class);
    }

    @Test
    void a_second_installation_does_nothing_and_goes_at_once() {
        var cluster = new Cluster("0.1.0");
        cluster.owner = "older";
        assertThat(cluster.step().standing()).isEqualTo(new AlreadyInstalled("older"));

        cluster.deleting = true;

        assertThat(cluster.step()).isInstanceOf(Remove.class);
        assertThat(((Remove) cluster.step()).ours()).isFalse();
    }

    private static Cluster detaching(int pods) {
        var cluster = Cluster.running("0.1.0", pods);
        var s = cluster.spec;
        cluster.spec =
                new MeshInstallationSpec(
                        s.version(),
                        s.trust(),
                        s.controlPlane(),
                        s.proxy(),
                        s.upgrade(),
                        DeletionPolicy.Detach);
        cluster.deleting = true;
        return cluster;
    }
}
