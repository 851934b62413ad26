package dev.weft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a revision's replicas shall do; written by the operator alone.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MeshRevisionSpec(
        @Required String version,
        @Required String trustDomain,
        @Default("Permissive") MtlsMode mtlsMode,
        @Default("24h") String workloadCertificateLifetime,
        @Default("Mesh")
                @JsonPropertyDescription(
                        "Mesh; or Permissive, then PassThrough, while the mesh is being detached.")
                RevisionMode mode,
        @Required @JsonPropertyDescription("The image of weft-init and weft-proxy in new pods.")
                String proxyImage,
        @Nullable ResourceRequirements proxyResources,
        @Default("false")
                @JsonPropertyDescription("Whether the webhook sends new pods to this revision.")
                boolean injecting,
        @JsonPropertyDescription("The few pods that the operator works on just now.")
                List<WorkedPod> pods) {

    public MeshRevisionSpec {
        mtlsMode = mtlsMode == null ? MtlsMode.Permissive : mtlsMode;
        workloadCertificateLifetime =
                workloadCertificateLifetime == null ? "24h" : workloadCertificateLifetime;
        mode = mode == null ? RevisionMode.Mesh : mode;
        pods = pods == null ? List.of() : List.copyOf(pods);
    }

    /// A pod that the operator works on. With `drain` the revision tells every peer to send
    /// elsewhere, or, when there is no elsewhere, to hold its requests while the pod's proxy is
    /// away.
    public record WorkedPod(
            @Required String namespace,
            @Required String name,
            @Required String uid,
            @Default("false") boolean drain) {}
}
