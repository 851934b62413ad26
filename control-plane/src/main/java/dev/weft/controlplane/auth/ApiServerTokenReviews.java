package dev.weft.controlplane.auth;

import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Creates a `TokenReview` for each question.
public final class ApiServerTokenReviews implements TokenReviews {
    private static final String POD_NAME = "authentication.kubernetes.io/pod-name";
    private static final String POD_UID = "authentication.kubernetes.io/pod-uid";

    private final KubernetesClient client;

    public ApiServerTokenReviews(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Review review(String token, String audience) {
        var question =
                new TokenReviewBuilder()
                        .withNewSpec()
                        .withToken(token)
                        .withAudiences(audience)
                        .endSpec()
                        .build();
        var status = client.tokenReviews().create(question).getStatus();
        if (!Boolean.TRUE.equals(status.getAuthenticated())) {
            var error = status.getError();
            return new Review.Bad(
                    error == null || error.isEmpty() ? "the API server does not know it." : error);
        }
        var user = status.getUser();
        var extra = user.getExtra() == null ? Map.<String, List<String>>of() : user.getExtra();
        return new Review.Good(
                user.getUsername(),
                status.getAudiences() == null ? List.of() : status.getAudiences(),
                first(extra, POD_NAME),
                first(extra, POD_UID));
    }

    private static Optional<String> first(Map<String, List<String>> extra, String key) {
        return extra.getOrDefault(key, List.of()).stream().findFirst();
    }
}
