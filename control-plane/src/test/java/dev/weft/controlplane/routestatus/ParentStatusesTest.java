package dev.weft.controlplane.routestatus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.controlplane.compile.Finding;
import dev.weft.controlplane.compile.RouteVerdict;
import dev.weft.controlplane.model.MeshRoute;
import dev.weft.controlplane.model.ObjectName;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteSpec;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ParentStatusesTest {
    private static final Instant EARLIER = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");
    private static final Finding GOOD = new Finding(true, "Accepted", "fine");
    private static final Finding BAD = new Finding(false, "UnsupportedValue", "not fine");

    @Test
    void a_new_route_gets_both_conditions_with_its_generation() {
        List<RouteParentStatus> written = changed(1, List.of(), BAD, EARLIER);

        RouteParentStatus entry = written.getFirst();
        assertThat(entry.getControllerName()).isEqualTo("weft.dev/control-plane");
        assertThat(entry.getParentRef()).isEqualTo(parent());
        assertThat(entry.getConditions())
                .extracting(
                        Condition::getType,
                        Condition::getStatus,
                        Condition::getReason,
                        Condition::getObservedGeneration)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                "Accepted", "False", "UnsupportedValue", 1L),
                        org.assertj.core.groups.Tuple.tuple(
                                "ResolvedRefs", "True", "Accepted", 1L));
    }

    @Test
    void what_is_there_already_is_not_written_again() {
        List<RouteParentStatus> written = changed(1, List.of(), GOOD, EARLIER);

        assertThat(ParentStatuses.changed(verdict(1, written, GOOD), NOW)).isNull();
    }

    @Test
    void a_condition_keeps_its_time_until_its_status_changes() {
        List<RouteParentStatus> before = changed(1, List.of(), GOOD, EARLIER);

        List<RouteParentStatus> same = changed(2, before, GOOD, NOW);
        List<RouteParentStatus> other = changed(2, before, BAD, NOW);

        assertThat(accepted(same).getLastTransitionTime()).isEqualTo(EARLIER.toString());
        assertThat(accepted(same).getObservedGeneration()).isEqualTo(2);
        assertThat(accepted(other).getLastTransitionTime()).isEqualTo(NOW.toString());
    }

    @Test
    void the_entries_of_other_controllers_stay() {
        RouteParentStatus foreign = new RouteParentStatus();
        foreign.setControllerName("example.com/gateway");

        assertThat(changed(1, List.of(foreign), GOOD, NOW)).hasSize(2).contains(foreign);
    }

    @Test
    void our_entry_goes_when_the_route_names_no_service_any_more() {
        List<RouteParentStatus> before = changed(1, List.of(), GOOD, EARLIER);

        assertThat(ParentStatuses.changed(new RouteVerdict(route(2, before), List.of()), NOW))
                .isEmpty();
    }

    private static Condition accepted(List<RouteParentStatus> parents) {
        return parents.getFirst().getConditions().getFirst();
    }

    private static List<RouteParentStatus> changed(
            long generation, List<RouteParentStatus> before, Finding accepted, Instant now) {
        @Nullable List<RouteParentStatus> changed =
                ParentStatuses.changed(verdict(generation, before, accepted), now);
        return Objects.requireNonNull(changed);
    }

    private static RouteVerdict verdict(
            long generation, List<RouteParentStatus> before, Finding accepted) {
        return new RouteVerdict(
                route(generation, before),
                List.of(new RouteVerdict.Parent(parent(), accepted, GOOD)));
    }

    private static MeshRoute route(long generation, List<RouteParentStatus> parents) {
        return new MeshRoute(
                new ObjectName("shop", "split"),
                "uid",
                generation,
                "1",
                EARLIER,
                new HTTPRouteSpec(),
                parents);
    }

    private static ParentReference parent() {
        ParentReference parent = new ParentReference();
        parent.setKind("Service");
        parent.setName("web");
        return parent;
    }
}
