package dev.weft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a revision's replicas see: one entry each, by server-side apply with the replica's pod name
/// as field manager.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MeshRevisionStatus(
        @JsonPropertyDescription("One entry for each replica, each its own writer.")
                List<Replica> replicas) {

    public MeshRevisionStatus {
        replicas = replicas == null ? List.of() : List.copyOf(replicas);
    }

    /// One replica's view. At most every 5 s; what concerns `pods` at most every 250 ms.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Replica(
            @Required @JsonPropertyDescription("The replica's pod.") String name,
            @JsonPropertyDescription(
                            "The generation of the MeshRevision that this entry speaks of.")
                    @Nullable Long observedGeneration,
            @JsonPropertyDescription("Connected proxies.") int proxies,
            List<VersionCount> versions,
            @JsonPropertyDescription(
                            "Proxies that have ACKed all that was pushed to them for observedGeneration.")
                    int synced,
            long acks,
            long nacks,
            @Nullable Nack lastNack,
            @JsonPropertyDescription("The pods of spec.pods, as this replica sees them.")
                    List<PodState> pods,
            @JsonPropertyDescription("When the replica wrote this entry.") @Nullable String time) {
        public Replica {
            versions = versions == null ? List.of() : List.copyOf(versions);
            pods = pods == null ? List.of() : List.copyOf(pods);
        }
    }

    /// How many connected proxies run a version.
    public record VersionCount(@Required String version, int proxies) {}

    /// What a proxy refused last.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Nack(
            @JsonPropertyDescription("namespace/name") String pod,
            String typeUrl,
            String message,
            String time) {}

    /// One of `spec.pods`, as one replica sees it.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record PodState(
            @Required String namespace,
            @Required String name,
            @Required String uid,
            @JsonPropertyDescription("Whether its proxy has a stream to this replica.")
                    boolean connected,
            @JsonPropertyDescription("The version that its proxy says it runs.")
                    @Nullable String version,
            @JsonPropertyDescription("Whether it has ACKed all that was pushed to it.")
                    boolean synced,
            @JsonPropertyDescription("How far the drain mark has come; absent without one.")
                    @Nullable DrainState drain,
            @JsonPropertyDescription(
                            "Whether an endpoint of it is in use only because of the drain mark, since it is not ready; absent without one.")
                    @Nullable Boolean held) {}
}
