package dev.weft.operator.desired;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import dev.weft.operator.plan.WantedProof;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// A pod that starts an image on a node once, under a sidecar's restrictions: the kubelet kills a
/// container before it pulls its new image, so whether the image can be pulled and started is found
/// out beforehand.
public final class ProofPod {
    public static final String COMPONENT = "proof";

    private static final long LIMIT_SECONDS = 115;

    private ProofPod() {}

    public static Pod of(Desired desired, WantedProof proof) {
        return new PodBuilder()
                .withMetadata(desired.meta(name(proof), COMPONENT, Names.NAMESPACE))
                .withNewSpec()
                .withNodeName(proof.node())
                .withRestartPolicy("Never")
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withActiveDeadlineSeconds(LIMIT_SECONDS)
                .withTerminationGracePeriodSeconds(1L)
                .addNewToleration()
                .withOperator("Exists")
                .endToleration()
                .withNewSecurityContext()
                .withRunAsNonRoot(true)
                .withRunAsUser(Names.PROXY_UID)
                .withRunAsGroup(Names.PROXY_UID)
                .withFsGroup(Names.PROXY_UID)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .addNewContainer()
                .withName(Names.PROXY_CONTAINERS.getFirst())
                .withImage(proof.image())
                .withArgs("--version")
                .withNewResources()
                .withRequests(Map.of("cpu", new Quantity("10m"), "memory", new Quantity("32Mi")))
                .endResources()
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withReadOnlyRootFilesystem(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .endSecurityContext()
                .addNewVolumeMount()
                .withName("weft-state")
                .withMountPath("/var/lib/weft")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("weft-state")
                .withNewEmptyDir()
                .withMedium("Memory")
                .withSizeLimit(new Quantity("64Mi"))
                .endEmptyDir()
                .endVolume()
                .endSpec()
                .build();
    }

    /// The same for the same proof, so that asking twice makes one pod.
    private static String name(WantedProof proof) {
        var text = proof.node() + "\n" + proof.image();
        return "weft-proof-"
                + java.util.UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The labels by which proof pods are found.
    public static String selector() {
        return Labels.COMPONENT + "=" + COMPONENT + "," + Labels.MANAGED_BY + "=" + Desired.MANAGER;
    }
}
