package dev.weft.proxy.route;

import org.jspecify.annotations.Nullable;

/// When several attempts of one request may be under way at once. The first good answer counts.
///
/// @param afterPerTryTimeout an attempt whose time is over goes on beside its successor
/// @param delay after which another one is sent beside the first; null: never
public record Hedging(boolean afterPerTryTimeout, @Nullable HedgeDelay delay) {
    public static final Hedging NONE = new Hedging(false, null);
}
