package dev.weft.operator.apply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// A short text that is the same for the same object, whatever its status says and however often it
/// was touched.
final class Fingerprint {
    private static final List<String> NOISE =
            List.of("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp");

    private final KubernetesSerialization json;

    Fingerprint(KubernetesSerialization json) {
        this.json = json;
    }

    String of(HasMetadata object) {
        JsonNode tree = json.convertValue(object, JsonNode.class);
        if (tree instanceof ObjectNode root) {
            root.remove("status");
            if (root.get("metadata") instanceof ObjectNode metadata) {
                metadata.remove(NOISE);
                if (metadata.get("annotations") instanceof ObjectNode annotations) {
                    // Counted up by the Deployment controller.
                    annotations.remove("deployment.kubernetes.io/revision");
                }
            }
        }
        return sha256(tree.toString());
    }

    private static String sha256(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of()
                    .formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)))
                    .substring(0, 32);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
