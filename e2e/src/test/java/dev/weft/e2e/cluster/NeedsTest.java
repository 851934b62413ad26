package dev.weft.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.cluster.Needs.LocalCluster;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NeedsTest {
    private static final Needs ALL = new Needs(LocalCluster.UNLESS_DOCKER, true, true);
    private static final Needs ALL_BUT_A_CLUSTER = new Needs(LocalCluster.NO, true, true);
    private static final Needs GO_ALONE = new Needs(LocalCluster.NO, false, true);

    @ParameterizedTest
    @ValueSource(strings = {"demo", "demo -o json"})
    void the_demo_makes_a_cluster_where_Docker_does_not(String line) {
        assertThat(weft(line)).isEqualTo(ALL);
    }

    @Test
    void a_demo_that_is_kept_makes_one_beside_Docker_too() {
        assertThat(weft("demo --keep")).isEqualTo(new Needs(LocalCluster.ALWAYS, true, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo --kubeconfig x --registry y",
                "demo --kubeconfig=x --keep",
                "demo --cluster dev"
            })
    void a_demo_on_a_named_cluster_needs_Go_and_images_alone(String line) {
        assertThat(weft(line)).isEqualTo(ALL_BUT_A_CLUSTER);
    }

    @Test
    void a_bare_cluster_is_local_and_needs_no_Go_once_it_is_built() {
        assertThat(weft("cluster up --name dev")).isEqualTo(Needs.NODE_ALONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"help", "--help", "demo --help", "cluster status", "cluster down", "images"})
    void what_makes_no_cluster_needs_nothing(String line) {
        assertThat(weft(line)).isEqualTo(Needs.NOTHING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "verify",
                "-B -ntp verify",
                "clean install",
                "-pl e2e -am verify",
                "-pl=:weft-e2e verify",
                "-pl !cli verify",
                "-pl api -amd verify",
                "verify -DskipTests=false"
            })
    void tests_on_a_cluster_need_one(String line) {
        assertThat(maven(line)).isEqualTo(ALL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "package",
                "test",
                "verify -DskipTests",
                "verify -DskipITs=true",
                "-D skipITs verify",
                "install -Dmaven.test.skip=true",
                "-pl api verify",
                "-N verify"
            })
    void a_build_without_them_needs_nothing(String line) {
        assertThat(maven(line)).isEqualTo(Needs.NOTHING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-pl proxy-runtime -am verify", "verify -pl !e2e", "verify -pl -e2e"})
    void the_tests_of_the_proxy_need_Go_alone(String line) {
        assertThat(maven(line)).isEqualTo(GO_ALONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "verify -Dweft.kubeconfig=x -Dweft.registry=y",
                "-Dweft.cluster=dev verify",
                "-D weft.cluster=dev verify"
            })
    void tests_on_a_named_cluster_make_none(String line) {
        assertThat(maven(line)).isEqualTo(ALL_BUT_A_CLUSTER);
    }

    private static Needs weft(String line) {
        return Needs.ofWeft(List.of(line.split(" ")));
    }

    private static Needs maven(String line) {
        return Needs.ofMaven(List.of(line.split(" ")));
    }
}
