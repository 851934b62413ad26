package dev.weft.controlplane.revision;

import dev.weft.api.MeshRevisionStatus.Replica;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// When this replica's entry is written: news of the pods that the operator waits for soon, all
/// other news seldom, and without any news once in a while, as a sign of life. Pure but for what
/// was written last; used by one thread.
final class StatusSchedule {
    static final Duration PODS = Duration.ofMillis(250);
    static final Duration ALL = Duration.ofSeconds(5);
    static final Duration SIGN_OF_LIFE = Duration.ofSeconds(30);

    private @Nullable Replica written;
    private Instant attemptedAt = Instant.EPOCH;

    /// Whether `entry` is to be written now.
    boolean due(Replica entry, Instant now) {
        var age = Duration.between(attemptedAt, now);
        var last = written;
        if (last == null) {
            return age.compareTo(ALL) >= 0;
        }
        if (urgent(entry, last)) {
            return age.compareTo(PODS) >= 0;
        }
        return age.compareTo(entry.equals(last) ? SIGN_OF_LIFE : ALL) >= 0;
    }

    void attempted(Instant now) {
        attemptedAt = now;
    }

    void written(Replica entry) {
        written = entry;
    }

    private static boolean urgent(Replica entry, Replica last) {
        var forNewGeneration =
                !entry.pods().isEmpty()
                        && !Objects.equals(entry.observedGeneration(), last.observedGeneration());
        return forNewGeneration || !entry.pods().equals(last.pods());
    }
}
