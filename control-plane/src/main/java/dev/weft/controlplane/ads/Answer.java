package dev.weft.controlplane.ads;

import com.google.rpc.Status;
import dev.weft.controlplane.compile.ResourceType;

/// What a client said of a response.
sealed interface Answer {
    /// The request answers no response that is waiting for one.
    record None() implements Answer {}

    record Ack() implements Answer {}

    record Nack(ResourceType type, Status why) implements Answer {}
}
