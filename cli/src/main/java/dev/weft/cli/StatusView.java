package dev.weft.cli;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallation;
import dev.weft.api.MeshInstallationStatus;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What `weft status` says of one MeshInstallation. Pure.
///
/// @param name the object's name
/// @param wanted `spec.version`
/// @param version the version in force, `-` before there is one
/// @param ready whether condition Ready is True for the present generation
/// @param proxies up to date of all, `-` while unknown
/// @param conditions as they stand
/// @param revisions the control planes
/// @param upgrade the upgrade that runs or ran last
record StatusView(
        String name,
        String wanted,
        String version,
        boolean ready,
        String proxies,
        List<ConditionView> conditions,
        List<MeshInstallationStatus.Revision> revisions,
        MeshInstallationStatus.@Nullable Upgrade upgrade) {

    /// One condition; `stale` when it speaks of an older generation of spec.
    record ConditionView(
            String type, String status, String reason, String message, boolean stale) {}

    static StatusView of(MeshInstallation mesh) {
        @Nullable MeshInstallationStatus status = mesh.getStatus();
        long generation = Optional.ofNullable(mesh.getMetadata().getGeneration()).orElse(0L);
        var conditions = new ArrayList<ConditionView>();
        boolean ready = false;
        if (status != null) {
            for (Condition condition : status.conditions()) {
                Long observed = condition.getObservedGeneration();
                boolean stale = observed != null && observed < generation;
                conditions.add(
                        new ConditionView(
                                condition.getType(),
                                condition.getStatus(),
                                text(condition.getReason()),
                                text(condition.getMessage()),
                                stale));
                ready |=
                        ConditionType.Ready.name().equals(condition.getType())
                                && "True".equals(condition.getStatus())
                                && !stale;
            }
        }
        return new StatusView(
                mesh.getMetadata().getName(),
                mesh.getSpec().version(),
                status == null || status.version() == null ? "-" : status.version(),
                ready,
                status == null || status.proxies() == null ? "-" : status.proxies().text(),
                conditions,
                status == null ? List.of() : status.revisions(),
                status == null ? null : status.upgrade());
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }

    /// For people: at most a screen, the message of each condition in full.
    String toText() {
        var out = new StringBuilder();
        out.append("%s: %s%n".formatted(name, ready ? "ready" : "not ready"));
        out.append("  version   %s (wanted %s)%n".formatted(version, wanted));
        out.append("  proxies   %s up to date%n".formatted(proxies));
        for (MeshInstallationStatus.Revision revision : revisions) {
            out.append(
                    "  revision  %s: %d proxies, %s%n"
                            .formatted(
                                    revision.name(),
                                    revision.proxies(),
                                    revision.ready() ? "ready" : "not ready"));
        }
        if (upgrade != null) {
            out.append(
                    "  upgrade   %s -> %s: %s%s%n"
                            .formatted(
                                    upgrade.from(),
                                    upgrade.to(),
                                    upgrade.phase(),
                                    upgrade.message() == null ? "" : ", " + upgrade.message()));
        }
        for (ConditionView condition : conditions) {
            out.append(
                    "  %-11s %s %s%s%n"
                            .formatted(
                                    condition.type(),
                                    condition.status(),
                                    condition.reason(),
                                    condition.stale() ? " (of an older spec)" : ""));
            if (!condition.message().isEmpty()) {
                out.append("              %s%n".formatted(condition.message()));
            }
        }
        return out.toString();
    }
}
