package dev.weft.operator.apply;

import java.util.List;

/// What came out of a plan.
///
/// @param failures writes that the API server refused, each a sentence
/// @param repaired objects that somebody had changed or removed, and that were put back
/// @param contested objects that somebody keeps changing, and that were left alone this time
/// @param done whether nothing of the plan is left to do
public record Outcome(
        List<String> failures, List<String> repaired, List<String> contested, boolean done) {
    public Outcome {
        failures = List.copyOf(failures);
        repaired = List.copyOf(repaired);
        contested = List.copyOf(contested);
    }

    /// Nothing was to be done.
    public static Outcome nothing() {
        return new Outcome(List.of(), List.of(), List.of(), true);
    }
}
