package dev.weft.controlplane.inject;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;

/// What becomes of a pod that is about to be made.
sealed interface Decision {
    /// It is admitted as it is; nothing is wrong.
    record Leave() implements Decision {}

    /// It was to be in the mesh and cannot be: admitted as it is, and people are told.
    record LeaveAndTell(String why) implements Decision {}

    /// It is not admitted.
    record Refuse(String why) implements Decision {}

    /// It is admitted with this JSON patch, which is empty for a pod that has all already.
    record Inject(ArrayNode patch, List<String> warnings) implements Decision {
        public Inject {
            warnings = List.copyOf(warnings);
        }
    }
}
