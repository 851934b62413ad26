package dev.weft.proxy.telemetry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// How long this process has run, the JVM's own start included, by proc(5): exact to 10 ms.
public final class ProcessAge {
    private static final long MILLIS_PER_TICK = 10;
    private static final int START_TIME = 22;
    private static final int FIRST_AFTER_NAME = 3;

    private ProcessAge() {}

    public static Duration now() {
        try {
            return of(
                    Files.readString(Path.of("/proc/uptime")),
                    Files.readString(Path.of("/proc/self/stat")));
        } catch (IOException e) {
            throw new UncheckedIOException("/proc cannot be read", e);
        }
    }

    /// @param stat in which the second field, a name in brackets, may hold anything
    static Duration of(String uptime, String stat) {
        var sinceBoot = Math.round(Double.parseDouble(uptime.split(" ", 2)[0]) * 1000);
        var afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        var startTicks = Long.parseLong(afterName[START_TIME - FIRST_AFTER_NAME]);
        return Duration.ofMillis(sinceBoot - startTicks * MILLIS_PER_TICK);
    }
}
