package dev.weft.benchmarks.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What Linux tells of a process.
///
/// @param pid its id, or `self`
record Proc(String pid) {
    static final Proc SELF = new Proc("self");

    /// Clock ticks of `/proc` are hundredths of a second on every architecture that Weft runs on.
    private static final int TICK_MILLIS = 10;

    /// User plus system time of all its threads, those that have ended too.
    long cpuMillis() {
        var stat = read("stat");
        // The name, in parentheses, may have blanks; what follows has none.
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_MILLIS;
    }

    /// Resident memory, pages that it shares with others counted in full.
    long rssKilobytes() {
        return kilobytes("status", "VmRSS:");
    }

    /// Resident memory, shared pages divided by the number of those who share them.
    long pssKilobytes() {
        return kilobytes("smaps_rollup", "Pss:");
    }

    private long kilobytes(String file, String name) {
        return read(file)
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
                .findFirst()
                .orElseThrow();
    }

    private String read(String file) {
        try {
            return Files.readString(Path.of("/proc", pid, file));
        } catch (IOException e) {
            throw new UncheckedIOException("the process " + pid + " has ended", e);
        }
    }
}
