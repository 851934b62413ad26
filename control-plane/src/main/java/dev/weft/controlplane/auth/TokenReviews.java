package dev.weft.controlplane.auth;

import java.util.List;
import java.util.Optional;

/// The API server's word on a token.
public interface TokenReviews {
    /// Asks for one token and one audience; blocks.
    ///
    /// @throws RuntimeException when the API server did not answer
    Review review(String token, String audience);

    sealed interface Review {
        /// @param username `system:serviceaccount:<namespace>:<name>`
        /// @param audiences for which of the audiences asked for the token is good
        /// @param pod name of the pod that the token is bound to
        record Good(
                String username,
                List<String> audiences,
                Optional<String> pod,
                Optional<String> podUid)
                implements Review {}

        record Bad(String why) implements Review {}
    }
}
