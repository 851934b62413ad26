package dev.weft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is. The operator is its one writer.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MeshInstallationStatus(
        @JsonPropertyDescription("The generation of spec that this status speaks of.")
                @Nullable Long observedGeneration,
        @JsonPropertyDescription("The version in force.") @Nullable String version,
        @JsonPropertyDescription("Ready, Progressing and Degraded.") List<Condition> conditions,
        @JsonPropertyDescription("The control plane revisions that are installed.")
                List<Revision> revisions,
        @JsonPropertyDescription("The sidecars.") @Nullable Proxies proxies,
        @JsonPropertyDescription("The upgrade that runs, or the last one.")
                @Nullable Upgrade upgrade,
        @JsonPropertyDescription("When certificates end.") @Nullable Certificates certificates) {

    public MeshInstallationStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
        revisions = revisions == null ? List.of() : List.copyOf(revisions);
    }

    /// The condition of a type, if it is there.
    public @Nullable Condition condition(ConditionType type) {
        for (var condition : conditions) {
            if (type.name().equals(condition.getType())) {
                return condition;
            }
        }
        return null;
    }

    /// One control plane revision.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Revision(
            @JsonPropertyDescription("Its name, which is that of its MeshRevision.") String name,
            String version,
            @JsonPropertyDescription("Proxies that are connected to it.") int proxies,
            @JsonPropertyDescription("Whether all of its replicas are available.") boolean ready) {}

    /// The sidecars.
    public record Proxies(
            @JsonPropertyDescription("Meshed pods that run.") int total,
            @JsonPropertyDescription("Those of them whose proxy is of the version that is wanted.")
                    int upToDate,
            @JsonPropertyDescription("upToDate/total") String text) {
        public Proxies(int total, int upToDate) {
            this(total, upToDate, upToDate + "/" + total);
        }
    }

    /// Where an upgrade is. It can be resumed from what is in the cluster; this is for people, but
    /// for `generation` of one given up: it is not tried again before `spec` changes.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Upgrade(
            String from,
            String to,
            @JsonPropertyDescription("What is being done.") UpgradePhase phase,
            @JsonPropertyDescription("The step, from 1.") @Nullable Integer step,
            @JsonPropertyDescription("The step's percent.") @Nullable Integer percent,
            @JsonPropertyDescription("Pods that the new control plane serves.")
                    @Nullable Integer moved,
            @JsonPropertyDescription("Pods whose proxy runs the new version.")
                    @Nullable Integer patched,
            @JsonPropertyDescription("All meshed pods.") @Nullable Integer total,
            @JsonPropertyDescription("What is being waited for, or what came out.")
                    @Nullable String message,
            @JsonPropertyDescription("The generation of spec that asked for it.")
                    @Nullable Long generation,
            @JsonPropertyDescription("When it began.") @Nullable String startedAt,
            @JsonPropertyDescription("When it last came on.") @Nullable String progressAt,
            @JsonPropertyDescription("When it ended.") @Nullable String endedAt) {}

    /// The phases of an upgrade, in their order; the last two are its ends.
    public enum UpgradePhase {
        Starting,
        Moving,
        Patching,
        Retiring,
        Done,
        GivenUp
    }

    /// When certificates end.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Certificates(
            @JsonPropertyDescription("The end of the mesh's root.")
                    @Nullable String rootNotAfter) {}
}
