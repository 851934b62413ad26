package dev.weft.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.e2e.cluster.Clusters.Choice;
import dev.weft.e2e.cluster.Clusters.Kind;
import dev.weft.e2e.machine.UnusableException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClustersTest {
    private static final Choice NOTHING_NAMED = new Choice(null, null, null);

    private boolean dockerAnswers = true;
    private int dockerWasAsked;

    @AfterEach
    void forget() {
        System.clearProperty("weft.kubeconfig");
        System.clearProperty("weft.cluster");
    }

    @Test
    void a_cluster_that_is_named_is_taken_and_Docker_not_even_asked() {
        assertThat(choose(named("theirs", null))).isEqualTo(Kind.NAMED);
        assertThat(choose(named(null, "dev"))).isEqualTo(Kind.NAMED_LOCAL);
        assertThat(dockerWasAsked).isZero();
    }

    @Test
    void Docker_is_taken_where_nothing_is_named() {
        assertThat(choose(NOTHING_NAMED)).isEqualTo(Kind.DOCKER);
    }

    @Test
    void a_local_one_is_made_where_nothing_is_named_and_no_Docker_answers() {
        dockerAnswers = false;

        assertThat(choose(NOTHING_NAMED)).isEqualTo(Kind.LOCAL);
    }

    @Test
    void the_two_properties_name_one() {
        System.setProperty("weft.kubeconfig", "theirs");
        assertThat(choose(Choice.ofSystemProperties())).isEqualTo(Kind.NAMED);

        System.setProperty("weft.kubeconfig", "");
        System.setProperty("weft.cluster", "dev");
        assertThat(choose(Choice.ofSystemProperties())).isEqualTo(Kind.NAMED_LOCAL);
    }

    /// Unit tests run with a KUBECONFIG in their environment for this one's sake.
    @Test
    void an_exported_KUBECONFIG_names_none() {
        assertThat(System.getenv("KUBECONFIG")).isNotBlank();

        assertThat(choose(Choice.ofSystemProperties())).isEqualTo(Kind.DOCKER);
    }

    @Test
    void two_named_clusters_are_refused() {
        assertThatThrownBy(() -> choose(named("theirs", "dev")))
                .isInstanceOf(UnusableException.class)
                .hasMessageContaining("--kubeconfig or --cluster");
    }

    @Test
    void the_reason_is_said() {
        assertThat(Clusters.why(Kind.NAMED, named("theirs", null))).contains("you named");
        assertThat(Clusters.why(Kind.NAMED_LOCAL, named(null, "dev"))).contains("dev");
        assertThat(Clusters.why(Kind.DOCKER, NOTHING_NAMED))
                .contains("none was named and a Docker daemon answers");
        assertThat(Clusters.why(Kind.LOCAL, NOTHING_NAMED))
                .contains("none was named and no Docker daemon answers");
    }

    private Kind choose(Choice choice) {
        return Clusters.choose(
                choice,
                () -> {
                    dockerWasAsked++;
                    return dockerAnswers;
                });
    }

    private static Choice named(@Nullable String kubeconfig, @Nullable String local) {
        return new Choice(kubeconfig == null ? null : Path.of(kubeconfig), null, local);
    }
}
