package dev.weft.proxy.cluster;

import dev.weft.proxy.health.Answer;
import java.util.function.Consumer;

/// The way in which one endpoint is asked how it is, one question at a time. All of it on one event
/// loop.
interface Asking {
    /// @param told hears once, unless the question is dropped before
    void ask(Consumer<Answer> told);

    /// Forgets the question, if there is one, and closes its connection. More may be asked.
    void drop();
}
