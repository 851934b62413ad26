package dev.weft.operator.desired;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchResources;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchResourcesBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.NamedRuleWithOperations;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.NamedRuleWithOperationsBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBindingBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.Validation;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidationBuilder;
import java.util.List;

/// What the API server itself refuses, with a message that says what to do.
public final class AdmissionPolicies {
    /// Narrows the operator's own right to patch pods.
    public static final String OPERATOR_PODS = "weft-operator-pods";

    /// Keeps unknown values of the injection label out.
    public static final String INJECT_LABEL = "weft-inject-label";

    /// Keeps the operator in place while it is still needed.
    public static final String UNINSTALL_GUARD = "weft-uninstall-guard";

    private static final String OPERATOR =
            "system:serviceaccount:" + Names.NAMESPACE + ":weft-operator";

    private final Desired desired;

    AdmissionPolicies(Desired desired) {
        this.desired = desired;
    }

    List<HasMetadata> all() {
        return List.of(
                operatorPods(),
                binding(OPERATOR_PODS),
                injectLabel(),
                binding(INJECT_LABEL),
                uninstallGuard(),
                guardBinding());
    }

    private ValidatingAdmissionPolicy operatorPods() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(desired.meta(OPERATOR_PODS, "policy", ""))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withMatchConstraints(matching(null, rule("", "v1", "UPDATE", "pods")))
                .addNewMatchCondition(
                        "request.userInfo.username == '" + OPERATOR + "'", "by-the-operator")
                .addNewVariable("object.metadata.?annotations.orValue({})", "annotations")
                .addNewVariable("oldObject.metadata.?annotations.orValue({})", "before")
                .withValidations(
                        validation(
                                "variables.annotations.all(k, k.startsWith('weft.dev/') || (k in variables.before && variables.before[k] == variables.annotations[k])) && variables.before.all(k, k.startsWith('weft.dev/') || k in variables.annotations)",
                                "the operator may change no annotation of a pod but those under weft.dev/"),
                        validation(
                                "object.metadata.?labels == oldObject.metadata.?labels && object.metadata.?finalizers == oldObject.metadata.?finalizers && object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences",
                                "the operator may not change labels, finalizers or owners of a pod"),
                        validation(
                                "object.spec.containers.all(c, oldObject.spec.containers.exists(o, o.name == c.name && o.image == c.image)) && object.spec.?initContainers.orValue([]).all(c, c.name in ['"
                                        + String.join("', '", Names.PROXY_CONTAINERS)
                                        + "'] || oldObject.spec.?initContainers.orValue([]).exists(o, o.name == c.name && o.image == c.image))",
                                "the operator may change no image of a pod but those of weft-proxy and weft-proxy-2"),
                        validation(
                                "object.spec.?activeDeadlineSeconds == oldObject.spec.?activeDeadlineSeconds && object.spec.?tolerations == oldObject.spec.?tolerations && object.spec.?terminationGracePeriodSeconds == oldObject.spec.?terminationGracePeriodSeconds && object.spec.?schedulingGates == oldObject.spec.?schedulingGates && object.spec.?nodeSelector == oldObject.spec.?nodeSelector && object.spec.?affinity == oldObject.spec.?affinity",
                                "the operator may not change how a pod is scheduled or ended"))
                .endSpec()
                .build();
    }

    private ValidatingAdmissionPolicy injectLabel() {
        var value = "object.metadata.labels['" + Labels.INJECT + "']";
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(desired.meta(INJECT_LABEL, "policy", ""))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withMatchConstraints(
                        matching(
                                new LabelSelectorBuilder()
                                        .addNewMatchExpression()
                                        .withKey(Labels.INJECT)
                                        .withOperator("Exists")
                                        .endMatchExpression()
                                        .build(),
                                rule("", "v1", "CREATE", "pods", "namespaces"),
                                rule("", "v1", "UPDATE", "pods", "namespaces")))
                // What has a wrong value since before the mesh may still be changed otherwise.
                .addNewMatchCondition(
                        "'"
                                + Labels.INJECT
                                + "' in object.metadata.?labels.orValue({}) && (oldObject == null || !('"
                                + Labels.INJECT
                                + "' in oldObject.metadata.?labels.orValue({})) || oldObject.metadata.labels['"
                                + Labels.INJECT
                                + "'] != "
                                + value
                                + ")",
                        "new-value")
                .withValidations(
                        new ValidationBuilder()
                                .withExpression(
                                        value
                                                + " in ['"
                                                + Labels.INJECT_ENABLED
                                                + "', '"
                                                + Labels.INJECT_DISABLED
                                                + "']")
                                .withMessageExpression(
                                        "\"label "
                                                + Labels.INJECT
                                                + " is '\" + "
                                                + value
                                                + " + \"': write enabled or disabled\"")
                                .build())
                .endSpec()
                .build();
    }

    /// `kubectl delete -k` deletes the namespace, the CRDs and the operator at once; nobody would
    /// be left to end the deletion of the `MeshInstallation`, and kubectl would hang without a
    /// word. So it is refused, with the word.
    private ValidatingAdmissionPolicy uninstallGuard() {
        return new ValidatingAdmissionPolicyBuilder()
                .withMetadata(desired.meta(UNINSTALL_GUARD, "policy", ""))
                .withNewSpec()
                .withFailurePolicy("Fail")
                .withNewParamKind("weft.dev/v1alpha1", "MeshInstallation")
                .withMatchConstraints(
                        matching(
                                new LabelSelectorBuilder()
                                        .addToMatchLabels(Labels.PART_OF, "weft")
                                        .addToMatchLabels(Labels.COMPONENT, "operator")
                                        .build(),
                                rule(
                                        "",
                                        "v1",
                                        "DELETE",
                                        "namespaces",
                                        "serviceaccounts",
                                        "configmaps",
                                        "services"),
                                rule("apps", "v1", "DELETE", "deployments"),
                                rule(
                                        "apiextensions.k8s.io",
                                        "v1",
                                        "DELETE",
                                        "customresourcedefinitions"),
                                rule(
                                        "rbac.authorization.k8s.io",
                                        "v1",
                                        "DELETE",
                                        "roles",
                                        "rolebindings",
                                        "clusterroles",
                                        "clusterrolebindings")))
                .withValidations(
                        new ValidationBuilder()
                                .withExpression("false")
                                .withMessageExpression(
                                        "\"MeshInstallation \" + params.metadata.name + \" exists, and only the operator can take it away without a failed request: run 'kubectl delete meshinstallation \" + params.metadata.name + \"' first, wait until it is gone, then delete the operator\"")
                                .build())
                .endSpec()
                .build();
    }

    private ValidatingAdmissionPolicyBinding binding(String policy) {
        return new ValidatingAdmissionPolicyBindingBuilder()
                .withMetadata(desired.meta(policy, "policy", ""))
                .withNewSpec()
                .withPolicyName(policy)
                .withValidationActions("Deny")
                .endSpec()
                .build();
    }

    private ValidatingAdmissionPolicyBinding guardBinding() {
        return new ValidatingAdmissionPolicyBindingBuilder(binding(UNINSTALL_GUARD))
                .editSpec()
                .withNewParamRef()
                .withNewSelector()
                .endSelector()
                .withParameterNotFoundAction("Allow")
                .endParamRef()
                .endSpec()
                .build();
    }

    private static Validation validation(String expression, String message) {
        return new ValidationBuilder().withExpression(expression).withMessage(message).build();
    }

    private static MatchResources matching(
            @org.jspecify.annotations.Nullable LabelSelector objects,
            NamedRuleWithOperations... rules) {
        var match =
                new MatchResourcesBuilder().withMatchPolicy("Equivalent").withResourceRules(rules);
        return (objects == null ? match : match.withObjectSelector(objects)).build();
    }

    private static NamedRuleWithOperations rule(
            String group, String version, String operation, String... resources) {
        return new NamedRuleWithOperationsBuilder()
                .withApiGroups(group)
                .withApiVersions(version)
                .withOperations(operation)
                .withResources(resources)
                .build();
    }
}
