package dev.weft.e2e.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.UnusableException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LeftoversTest {
    private static final Path CHECKOUT = Path.of("/checkout");
    private static final String ROUTES = "httproutes.gateway.networking.k8s.io";

    private final Set<String> there = new TreeSet<>();
    private final List<String> deleted = new ArrayList<>();
    private String refused = "(nothing)";

    @Test
    void all_that_the_demo_made_is_taken_away_the_mesh_before_its_operator() {
        var leftovers = leftovers();
        there.add("meshinstallations.weft.dev");

        assertThat(leftovers.takeAway()).isEmpty();

        assertThat(deleted)
                .satisfiesExactly(
                        pods ->
                                assertThat(pods)
                                        .startsWith(
                                                "delete namespace weft-demo weft-demo-observer "),
                        mesh ->
                                assertThat(mesh)
                                        .startsWith("delete meshinstallations.weft.dev weft "),
                        operator ->
                                assertThat(operator)
                                        .startsWith("delete -k /checkout/src/main/kubernetes "),
                        gatewayApi -> assertThat(gatewayApi).startsWith("delete crd " + ROUTES));
    }

    @Test
    void CRDs_of_Gateway_API_that_were_there_before_stay() {
        there.add(ROUTES);

        leftovers().takeAway();

        assertThat(deleted).noneMatch(command -> command.contains(ROUTES));
        assertThat(deleted).anyMatch(command -> command.contains("referencegrants"));
    }

    @Test
    void a_demo_that_ended_before_its_mesh_leaves_no_mesh_to_delete() {
        assertThat(leftovers().takeAway()).isEmpty();

        assertThat(deleted).noneMatch(command -> command.contains("weft.dev weft"));
    }

    @Test
    void what_cannot_be_deleted_is_told_and_so_is_what_would_come_after_it() {
        var leftovers = leftovers();
        refused = "delete -k";

        assertThat(leftovers.takeAway())
                .satisfiesExactly(
                        why -> assertThat(why).isEqualTo("(no)"),
                        operator -> assertThat(operator).startsWith("delete -k"),
                        gatewayApi -> assertThat(gatewayApi).startsWith("delete crd"));
    }

    @Test
    void a_cluster_that_has_one_of_these_names_is_refused_and_left_alone() {
        for (String name :
                List.of(
                        "weft-demo",
                        "weft-demo-observer",
                        "weft-system",
                        "meshinstallations.weft.dev")) {
            there.clear();
            there.add(name);

            assertThatThrownBy(this::leftovers)
                    .isInstanceOf(UnusableException.class)
                    .hasMessageContaining(name);
        }
        assertThat(deleted).isEmpty();
    }

    private Leftovers leftovers() {
        return Leftovers.of(this::kubectl, CHECKOUT);
    }

    private Output kubectl(String... arguments) {
        var line = String.join(" ", arguments);
        if (line.startsWith("get ")) {
            var found = List.of(arguments).stream().filter(there::contains).toList();
            return new Output(0, String.join("\n", found), "");
        }
        if (line.startsWith(refused)) {
            return new Output(1, "", "no\n");
        }
        deleted.add(line);
        return new Output(0, "", "");
    }
}
