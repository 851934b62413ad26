package dev.weft.proxy.tcp;

import dev.weft.proxy.refusal.Refusal;
import org.jspecify.annotations.Nullable;

/// Hears of a tunnel's end, once.
public interface Ended {
    /// @param fromClient bytes
    /// @param toClient bytes
    /// @param why the proxy has ended it; null: one of its peers has
    void ended(long fromClient, long toClient, @Nullable Refusal why);
}
