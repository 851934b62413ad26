package dev.weft.operator.tell;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallationStatus;
import dev.weft.api.MeshInstallationStatus.UpgradePhase;
import dev.weft.api.Reason;
import dev.weft.operator.apply.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Something that is worth an Event. Pure.
public record News(Reason reason, String message) {
    /// What is new between two statuses.
    public static List<News> between(
            @Nullable MeshInstallationStatus before, MeshInstallationStatus now, Outcome outcome) {
        var news = new ArrayList<News>();
        for (var type : ConditionType.values()) {
            var old = before == null ? null : before.condition(type);
            var condition = now.condition(type);
            if (condition == null) {
                continue;
            }
            var changed =
                    old == null
                            || !Objects.equals(old.getReason(), condition.getReason())
                            || !Objects.equals(old.getStatus(), condition.getStatus());
            var told = type == ConditionType.Ready || "True".equals(condition.getStatus());
            if (changed && told) {
                add(news, Reason.valueOf(condition.getReason()), condition.getMessage());
            }
        }
        var upgrade = now.upgrade();
        var old = before == null ? null : before.upgrade();
        if (upgrade != null && old != null) {
            if (upgrade.phase() == UpgradePhase.Moving
                    && old.phase() == UpgradePhase.Moving
                    && !Objects.equals(upgrade.step(), old.step())) {
                add(news, Reason.UpgradeMoving, upgrade.message());
            }
            if (upgrade.phase() == UpgradePhase.Patching
                    && old.phase() == UpgradePhase.Patching
                    && !Objects.equals(upgrade.patched(), old.patched())) {
                add(news, Reason.UpgradePatching, upgrade.message());
            }
            if (upgrade.phase() == UpgradePhase.Done
                    && old.phase() != UpgradePhase.Done
                    && !upgrade.from().equals(upgrade.to())) {
                add(news, Reason.Upgraded, upgrade.message());
            }
        }
        for (var object : outcome.repaired()) {
            add(
                    news,
                    Reason.DriftRepaired,
                    object + " had been changed or removed by somebody else, and was put back.");
        }
        return news;
    }

    private static void add(List<News> news, Reason reason, @Nullable String message) {
        var item = new News(reason, message == null ? "" : message);
        if (!news.contains(item)) {
            news.add(item);
        }
    }
}
