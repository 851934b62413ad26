package dev.weft.olm;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.DeploymentSpec;
import io.fabric8.kubernetes.api.model.apps.DeploymentSpecBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.CRDDescription;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.CRDDescriptionBuilder;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.ClusterServiceVersion;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.ClusterServiceVersionBuilder;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.RelatedImage;
import io.fabric8.openshift.api.model.operatorhub.v1alpha1.RelatedImageBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// The ClusterServiceVersion of one release: what OLM needs to run the operator. Pure.
///
/// Format: OLM v0 `operators.coreos.com/v1alpha1`, install mode AllNamespaces only, which is also
/// what OLM v1 asks of a `registry+v1` bundle.
final class Csv {
    private static final String DESCRIPTION =
            """
            Weft is a service mesh whose whole life is one resource. Create a `MeshInstallation`: the operator installs the
            control plane and the trust root, moves the mesh from one version to the next when `spec.version` changes
            (control plane and every sidecar, step by step, no application restarted), and removes all of it again.

            Label a namespace or a pod with `weft.dev/inject: enabled` to take it into the mesh: calls between such pods are
            encrypted with mutual TLS, and `HTTPRoute`s attached to Services split and shape them.
            """;

    private final Manifests manifests;
    private final String version;
    private final byte[] icon;

    Csv(Manifests manifests, String version, byte[] icon) {
        this.manifests = manifests;
        this.version = version;
        this.icon = icon.clone();
    }

    String name() {
        return "weft-operator.v" + version;
    }

    ClusterServiceVersion build() {
        Container operator =
                manifests.operator().getSpec().getTemplate().getSpec().getContainers().getFirst();
        return new ClusterServiceVersionBuilder()
                .withNewMetadata()
                .withName(name())
                .addToAnnotations("alm-examples", examples())
                .addToAnnotations("capabilities", "Full Lifecycle")
                .addToAnnotations("categories", "Networking")
                .addToAnnotations("containerImage", operator.getImage())
                .addToAnnotations("createdAt", "2026-01-01T00:00:00Z")
                .addToAnnotations("description", "A service mesh whose whole life is one resource")
                .addToAnnotations("support", "The Weft maintainers")
                .addToAnnotations(
                        "operators.operatorframework.io/suggested-namespace", "weft-system")
                .addToAnnotations(
                        "operators.operatorframework.io/internal-objects",
                        "[\"meshrevisions.weft.dev\"]")
                .addToLabels("operatorframework.io/arch.amd64", "supported")
                .addToLabels("operatorframework.io/os.linux", "supported")
                .endMetadata()
                .withNewSpec()
                .withDisplayName("Weft")
                .withDescription(DESCRIPTION)
                .withVersion(version)
                .withMaturity("alpha")
                .withMinKubeVersion("1.33.0")
                .addToKeywords("service mesh", "mTLS", "xDS", "Gateway API", "networking")
                .addNewMaintainer("maintainers@weft.dev", "Weft maintainers")
                .withNewProvider("Weft", null)
                .addNewLink("Weft", "https://weft.dev")
                .addNewIcon(Base64.getEncoder().encodeToString(icon), "image/svg+xml")
                .addNewInstallMode(false, "OwnNamespace")
                .addNewInstallMode(false, "SingleNamespace")
                .addNewInstallMode(false, "MultiNamespace")
                .addNewInstallMode(true, "AllNamespaces")
                .withNewCustomresourcedefinitions()
                .withOwned(manifests.crds().stream().map(Csv::owned).toList())
                .endCustomresourcedefinitions()
                .withRelatedImages(relatedImages(operator))
                .withNewInstall()
                .withStrategy("deployment")
                .withNewSpec()
                .addNewDeployment()
                .withName(manifests.operator().getMetadata().getName())
                .withSpec(deployment())
                .endDeployment()
                .addNewClusterPermission()
                .withRules(manifests.clusterRules())
                .withServiceAccountName(manifests.operatorAccount())
                .endClusterPermission()
                .addNewPermission()
                .withRules(manifests.namespaceRules())
                .withServiceAccountName(manifests.operatorAccount())
                .endPermission()
                .endSpec()
                .endInstall()
                .endSpec()
                .build();
    }

    private String examples() {
        return Serialization.asJson(
                manifests.samples().stream()
                        .filter(sample -> sample.getKind().equals("MeshInstallation"))
                        .toList());
    }

    private static CRDDescription owned(CustomResourceDefinition crd) {
        var storage = crd.getSpec().getVersions().getFirst();
        String kind = crd.getSpec().getNames().getKind();
        String description =
                storage.getSchema().getOpenAPIV3Schema().getDescription() == null
                        ? kind
                        : storage.getSchema().getOpenAPIV3Schema().getDescription();
        return new CRDDescriptionBuilder()
                .withName(crd.getMetadata().getName())
                .withKind(kind)
                .withVersion(storage.getName())
                .withDisplayName(kind.replaceAll("(?<=[a-z])(?=[A-Z])", " "))
                .withDescription(description)
                .build();
    }

    /// The operator's Deployment, with the images of each version as `RELATED_IMAGE_*` instead of
    /// the ConfigMap.
    private DeploymentSpec deployment() {
        return new DeploymentSpecBuilder(manifests.operator().getSpec())
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .addAllToEnv(relatedImageVariables())
                .endContainer()
                .endSpec()
                .endTemplate()
                .build();
    }

    private List<EnvVar> relatedImageVariables() {
        var variables = new ArrayList<EnvVar>();
        versionImages()
                .forEach((name, image) ->
                        variables.add(new EnvVarBuilder().withName(name).withValue(image).build()));
        return variables;
    }

    private List<RelatedImage> relatedImages(Container operator) {
        var images = new ArrayList<RelatedImage>();
        images.add(
                new RelatedImageBuilder()
                        .withName("operator")
                        .withImage(operator.getImage())
                        .build());
        versionImages()
                .forEach((name, image) ->
                        images.add(
                                new RelatedImageBuilder()
                                        .withName(
                                                name.substring("RELATED_IMAGE_".length())
                                                        .toLowerCase(Locale.ROOT)
                                                        .replace('_', '-'))
                                        .withImage(image)
                                        .build()));
        return images;
    }

    private Map<String, String> versionImages() {
        var images = new TreeMap<String, String>();
        manifests
                .versions()
                .getData()
                .forEach((installable, yaml) -> {
                    JsonNode entry = Serialization.unmarshal(yaml, JsonNode.class);
                    String suffix = installable.replace('.', '_').replace('-', '_');
                    images.put(
                            "RELATED_IMAGE_CONTROL_PLANE_" + suffix,
                            entry.path("controlPlane").asText());
                    images.put("RELATED_IMAGE_PROXY_" + suffix, entry.path("proxy").asText());
                });
        return images;
    }

    /// The bundle's `metadata/annotations.yaml`.
    static String annotations() {
        return """
        annotations:
          operators.operatorframework.io.bundle.mediatype.v1: registry+v1
          operators.operatorframework.io.bundle.manifests.v1: manifests/
          operators.operatorframework.io.bundle.metadata.v1: metadata/
          operators.operatorframework.io.bundle.package.v1: weft-operator
          operators.operatorframework.io.bundle.channels.v1: alpha
          operators.operatorframework.io.bundle.channel.default.v1: alpha
        """;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
