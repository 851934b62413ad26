package dev.weft.controlplane.routestatus;

import dev.weft.controlplane.compile.Finding;
import dev.weft.controlplane.compile.RouteVerdict;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `status.parents` of an HTTPRoute is to be. Pure.
final class ParentStatuses {
    static final String CONTROLLER = "weft.dev/control-plane";

    private ParentStatuses() {}

    /// Null if the status says so already. Entries of other controllers stay as they are.
    static @Nullable List<RouteParentStatus> changed(RouteVerdict verdict, Instant now) {
        List<RouteParentStatus> present = verdict.route().parents();
        List<RouteParentStatus> wanted =
                new ArrayList<>(present.stream().filter(entry -> !isOurs(entry)).toList());
        for (RouteVerdict.Parent parent : verdict.parents()) {
            wanted.add(
                    ours(
                            parent,
                            find(present, parent.reference()),
                            verdict.route().generation(),
                            now));
        }
        return sameEntries(wanted, present) ? null : wanted;
    }

    private static boolean isOurs(RouteParentStatus entry) {
        return CONTROLLER.equals(entry.getControllerName());
    }

    private static @Nullable RouteParentStatus find(
            List<RouteParentStatus> present, ParentReference reference) {
        return present.stream()
                .filter(ParentStatuses::isOurs)
                .filter(entry -> reference.equals(entry.getParentRef()))
                .findFirst()
                .orElse(null);
    }

    private static RouteParentStatus ours(
            RouteVerdict.Parent parent,
            @Nullable RouteParentStatus before,
            long generation,
            Instant now) {
        List<Condition> old = before == null ? List.of() : before.getConditions();
        RouteParentStatus entry = new RouteParentStatus();
        entry.setControllerName(CONTROLLER);
        entry.setParentRef(parent.reference());
        entry.setConditions(
                List.of(
                        condition("Accepted", parent.accepted(), old, generation, now),
                        condition("ResolvedRefs", parent.resolvedRefs(), old, generation, now)));
        return entry;
    }

    private static Condition condition(
            String type, Finding finding, List<Condition> old, long generation, Instant now) {
        String status = finding.holds() ? "True" : "False";
        String since =
                old.stream()
                        .filter(before -> type.equals(before.getType()))
                        .filter(before -> status.equals(before.getStatus()))
                        .map(Condition::getLastTransitionTime)
                        .findFirst()
                        .orElse(now.toString());
        return new ConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(finding.reason())
                .withMessage(finding.message())
                .withObservedGeneration(generation)
                .withLastTransitionTime(since)
                .build();
    }

    /// In any order.
    private static boolean sameEntries(List<RouteParentStatus> one, List<RouteParentStatus> other) {
        return one.size() == other.size() && other.containsAll(one);
    }
}
