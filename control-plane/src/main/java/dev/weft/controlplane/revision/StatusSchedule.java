package dev.weft.controlplane.revision;

import dev.weft.api.MeshRevisionStatus.Replica;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// When this replica's entry is written: news that the operator waits for soon (of its pods, and of
/// a new generation until all proxies have taken it over), all other news seldom, and without any
/// news once in a while, as a sign of life. Pure but for what was written last; used by one thread.
final class StatusSchedule {
    static final Duration PODS = Duration.ofMillis(250);
    static final Duration ALL = Duration.ofSeconds(5);
    static final Duration SIGN_OF_LIFE = Duration.ofSeconds(30);

    private @Nullable Replica written;
    private boolean settled;
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
        var known = written != null && sameGeneration(entry, written) && settled;
        settled = known || entry.synced() == entry.proxies();
        written = entry;
    }

    private boolean urgent(Replica entry, Replica last) {
        return !sameGeneration(entry, last)
                || !entry.pods().equals(last.pods())
                || (!settled && entry.synced() != last.synced());
    }

    private static boolean sameGeneration(Replica one, Replica other) {
        return Objects.equals(one.observedGeneration(), other.observedGeneration());
    }
}
