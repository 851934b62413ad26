package dev.weft.operator.desired;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhook;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.RuleWithOperationsBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/// The webhook configuration that sends new pods to one revision.
///
/// A pod's label beats its namespace's, so there are two webhooks. Both let every value but
/// `disabled` through: an unknown one shall be refused with a reason, not ignored.
final class Injector {
    private static final List<String> NEVER = List.of("kube-system", Names.NAMESPACE);

    private Injector() {}

    static MutatingWebhookConfiguration webhooks(Desired desired, String revision, String rootPem) {
        var namespaceSays =
                webhook(
                        "namespace.weft.dev",
                        revision,
                        rootPem,
                        selector(notOurs(), labelled(), notDisabled()),
                        selector(unlabelled()));
        var podSays =
                webhook(
                        "pod.weft.dev",
                        revision,
                        rootPem,
                        selector(notOurs()),
                        selector(labelled(), notDisabled()));
        return new MutatingWebhookConfigurationBuilder()
                .withMetadata(desired.meta(Names.INJECTOR, "injector", ""))
                .withWebhooks(namespaceSays, podSays)
                .build();
    }

    private static MutatingWebhook webhook(
            String name,
            String revision,
            String rootPem,
            LabelSelector namespaces,
            LabelSelector pods) {
        return new MutatingWebhookBuilder()
                .withName(name)
                .withNewClientConfig()
                .withCaBundle(
                        Base64.getEncoder()
                                .encodeToString(rootPem.getBytes(StandardCharsets.US_ASCII)))
                .withNewService(
                        Names.controlPlane(revision),
                        Names.NAMESPACE,
                        Names.INJECT_PATH,
                        Names.WEBHOOK_PORT)
                .endClientConfig()
                .withRules(
                        new RuleWithOperationsBuilder()
                                .withApiGroups("")
                                .withApiVersions("v1")
                                .withOperations("CREATE")
                                .withResources("pods")
                                .withScope("Namespaced")
                                .build())
                .withNamespaceSelector(namespaces)
                .withObjectSelector(pods)
                .withFailurePolicy("Fail")
                .withMatchPolicy("Equivalent")
                .withReinvocationPolicy("Never")
                .withSideEffects("NoneOnDryRun")
                .withTimeoutSeconds(5)
                .withAdmissionReviewVersions("v1")
                .build();
    }

    private static LabelSelector selector(LabelSelectorRequirement... requirements) {
        return new LabelSelectorBuilder().withMatchExpressions(requirements).build();
    }

    private static LabelSelectorRequirement notOurs() {
        return new LabelSelectorRequirement("kubernetes.io/metadata.name", "NotIn", NEVER);
    }

    private static LabelSelectorRequirement labelled() {
        return new LabelSelectorRequirement(Labels.INJECT, "Exists", List.of());
    }

    private static LabelSelectorRequirement unlabelled() {
        return new LabelSelectorRequirement(Labels.INJECT, "DoesNotExist", List.of());
    }

    private static LabelSelectorRequirement notDisabled() {
        return new LabelSelectorRequirement(
                Labels.INJECT, "NotIn", List.of(Labels.INJECT_DISABLED));
    }
}
