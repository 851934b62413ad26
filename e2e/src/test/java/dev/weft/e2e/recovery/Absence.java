package dev.weft.e2e.recovery;

import dev.weft.e2e.app.Newcomer;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// What one caller saw of a proxy that was killed.
///
/// @param gone when nobody listened any more
record Absence(String caller, Instant gone, List<Newcomer> newcomers) {
    Absence {
        newcomers = List.copyOf(newcomers);
    }

    /// Connections that began when nobody was there, or later, and came to nothing.
    List<Newcomer> failed() {
        return begunAfter().filter(one -> !one.served()).toList();
    }

    /// Connections that began before anybody was served again.
    List<Newcomer> waited() {
        var back = gone.plus(length());
        return begunAfter().filter(one -> one.began().isBefore(back)).toList();
    }

    /// Until the first of the connections is served that began when nobody was there, or later.
    Duration length() {
        return begunAfter()
                .filter(Newcomer::served)
                .map(Newcomer::ended)
                .min(Comparator.naturalOrder())
                .map(first -> Duration.between(gone, first))
                .orElseThrow(() -> new AssertionError("nobody was served again: " + newcomers));
    }

    Duration longestWait() {
        return waited().stream()
                .map(Newcomer::took)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    private Stream<Newcomer> begunAfter() {
        return newcomers.stream().filter(one -> !one.began().isBefore(gone));
    }

    /// Connections that the proxy had, or that waited in its queue, when it was killed.
    private List<Newcomer> lost() {
        return newcomers.stream()
                .filter(one -> one.began().isBefore(gone) && !one.served())
                .toList();
    }

    @Override
    public String toString() {
        return "%s: served again after %d ms, %d waited, the longest for %d ms, failed %s, lost with the proxy %s"
                .formatted(
                        caller,
                        length().toMillis(),
                        waited().size(),
                        longestWait().toMillis(),
                        failed(),
                        lost());
    }
}
