package dev.weft.proxy.balance;

import java.util.random.RandomGenerator;

/// Chooses one of the hosts that it was built with; there is at least one. Any thread, without
/// locks.
interface Picker {
    /// @param hash what ties a request to a host; [Hashes#NONE]: nothing does
    /// @param attempt counts from 0: the hosts of earlier attempts were not wanted
    /// @param random of the calling thread
    Host pick(long hash, int attempt, RandomGenerator random);
}
