package dev.weft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a person asks for. Where something is left out the CRD's default holds, and the same
/// default here.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MeshInstallationSpec(
        @Required
                @Size(min = 1, max = 40)
                @ValidationRule(
                        value =
                                "self.matches('^[0-9]+[.][0-9]+[.][0-9]+(-[a-z0-9]+([.-][a-z0-9]+)*)?$')",
                        messageExpression =
                                "\"version is '\" + self + \"': write all three numbers, for example 0.2.0\"")
                @JsonPropertyDescription(
                        "The version that the mesh shall run, for example 0.2.0. Changing it upgrades the mesh or takes it back. ConfigMap weft-versions lists those that the operator knows.")
                String version,
        @Default("{}") @JsonPropertyDescription("Who is who in the mesh, and who is let in.")
                Trust trust,
        @Default("{}") @JsonPropertyDescription("The control plane's size.")
                ControlPlane controlPlane,
        @Default("{}") @JsonPropertyDescription("The sidecars of pods that start from now on.")
                Proxy proxy,
        @Default("{}") @JsonPropertyDescription("How the mesh goes from one version to another.")
                Upgrade upgrade,
        @Default("Wait")
                @JsonPropertyDescription(
                        "What deletion does while meshed pods exist. Wait: waits until there are none. Detach: turns their proxies into plain pass-through first.")
                DeletionPolicy deletionPolicy) {

    public MeshInstallationSpec {
        trust = trust == null ? Trust.DEFAULT : trust;
        controlPlane = controlPlane == null ? ControlPlane.DEFAULT : controlPlane;
        proxy = proxy == null ? Proxy.DEFAULT : proxy;
        upgrade = upgrade == null ? Upgrade.DEFAULT : upgrade;
        deletionPolicy = deletionPolicy == null ? DeletionPolicy.Wait : deletionPolicy;
    }

    /// A spec with all defaults.
    public static MeshInstallationSpec of(String version) {
        return new MeshInstallationSpec(
                version,
                Trust.DEFAULT,
                ControlPlane.DEFAULT,
                Proxy.DEFAULT,
                Upgrade.DEFAULT,
                DeletionPolicy.Wait);
    }

    /// Who is who, and who is let in.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Trust(
            @Default("cluster.local")
                    @Size(min = 1, max = 253)
                    @ValidationRule(
                            value =
                                    "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",
                            messageExpression =
                                    "\"domain is '\" + self + \"': write a DNS name in lower case, for example cluster.local\"")
                    @ValidationRule(
                            value = "self == oldSelf",
                            message =
                                    "domain cannot change: every identity contains it. Delete this MeshInstallation and create another one")
                    @JsonPropertyDescription(
                            "The trust domain of all identities, spiffe://<domain>/ns/<namespace>/sa/<service account>. It cannot change.")
                    String domain,
            @Default("Permissive")
                    @JsonPropertyDescription(
                            "Whom meshed pods listen to. Permissive: to the mesh, and to plaintext from others. Strict: to the mesh alone.")
                    MtlsMode mode,
            @Default("24h")
                    @Size(min = 2, max = 20)
                    @ValidationRule(
                            value =
                                    "self.matches('"
                                            + GoDuration.PATTERN
                                            + "') && duration(self) >= duration('60s')",
                            messageExpression =
                                    "\"workloadCertificateLifetime is '\" + self + \"': write a duration of at least 60s, for example 24h or 90m\"")
                    @JsonPropertyDescription(
                            "How long a workload's certificate is valid; it is renewed at half of that. At least 60s.")
                    String workloadCertificateLifetime) {
        static final Trust DEFAULT = new Trust("cluster.local", MtlsMode.Permissive, "24h");

        public Trust {
            domain = domain == null ? "cluster.local" : domain;
            mode = mode == null ? MtlsMode.Permissive : mode;
            workloadCertificateLifetime =
                    workloadCertificateLifetime == null ? "24h" : workloadCertificateLifetime;
        }
    }

    /// The size of a revision's control plane.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ControlPlane(
            @Default("1") @Min(1) @Max(5) @JsonPropertyDescription("Replicas, 1 to 5.")
                    Integer replicas,
            @JsonPropertyDescription(
                            "Requests and limits of each replica. Left out: requests of 50m CPU and 256Mi memory, a limit of 768Mi memory.")
                    @Nullable ResourceRequirements resources) {
        static final ControlPlane DEFAULT = new ControlPlane(1, null);

        public ControlPlane {
            replicas = replicas == null ? 1 : replicas;
        }
    }

    /// The sidecars.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Proxy(
            @Default(
                            "{\"requests\":{\"cpu\":\"10m\",\"memory\":\"64Mi\"},\"limits\":{\"memory\":\"256Mi\"}}")
                    @JsonPropertyDescription(
                            "Requests and limits of each sidecar. Left out: requests of 10m CPU and 64Mi memory, and a limit of 256Mi memory, which is as much as its JVM takes under any load.")
                    ResourceRequirements resources) {
        static final Proxy DEFAULT = new Proxy(null);

        public Proxy(@Nullable ResourceRequirements resources) {
            this.resources = resources == null ? standard() : resources;
        }

        private static ResourceRequirements standard() {
            return new ResourceRequirementsBuilder()
                    .addToRequests("cpu", new Quantity("10m"))
                    .addToRequests("memory", new Quantity("64Mi"))
                    .addToLimits("memory", new Quantity("256Mi"))
                    .build();
        }
    }

    /// How the mesh goes from one version to another.
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Upgrade(
            @Default("[{\"percent\":10},{\"percent\":50},{\"percent\":100}]")
                    @Size(min = 1, max = 10)
                    @ValidationRule(
                            value =
                                    "self.map(s, s.percent).isSorted() && self.all(s, self.exists_one(t, t.percent == s.percent))",
                            message =
                                    "percents must rise from step to step, for example 10, 50, 100")
                    @ValidationRule(
                            value = "self[size(self) - 1].percent == 100",
                            message =
                                    "the last percent must be 100, so that every proxy moves: add a step of 100")
                    @JsonPropertyDescription(
                            "Shares of the meshed pods that move to the new control plane, one step after the other.")
                    List<Step> steps,
            @Default("5m")
                    @Size(min = 2, max = 20)
                    @ValidationRule(
                            value =
                                    "self.matches('"
                                            + GoDuration.PATTERN
                                            + "') && duration(self) >= duration('1s')",
                            messageExpression =
                                    "\"progressDeadline is '\" + self + \"': write a duration of at least 1s, for example 5m or 90s\"")
                    @JsonPropertyDescription(
                            "How long the new control plane may take to become available before the upgrade is given up by itself.")
                    String progressDeadline) {
        static final Upgrade DEFAULT =
                new Upgrade(List.of(new Step(10), new Step(50), new Step(100)), "5m");

        public Upgrade {
            steps = steps == null ? DEFAULT.steps : List.copyOf(steps);
            progressDeadline = progressDeadline == null ? "5m" : progressDeadline;
        }
    }

    /// One step of an upgrade.
    public record Step(
            @Required
                    @Min(1)
                    @Max(100)
                    @JsonPropertyDescription("Percent of the meshed pods, 1 to 100.")
                    int percent) {}
}
