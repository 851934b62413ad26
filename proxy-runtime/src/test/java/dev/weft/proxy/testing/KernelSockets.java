package dev.weft.proxy.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// What the kernel tells of this machine's TCP sockets (proc_net_tcp).
public final class KernelSockets {
    private static final int SYN_SENT = 2;
    private static final String KEEP_ALIVE = "02:";
    private static final int TICKS_PER_SECOND = 100;

    private KernelSockets() {}

    private record Row(int local, int remote, int state, String timer) {
        static Row of(String line) {
            var fields = line.trim().split("\\s+");
            return new Row(
                    port(fields[1]), port(fields[2]), Integer.parseInt(fields[3], 16), fields[5]);
        }

        private static int port(String address) {
            return Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
        }
    }

    /// How many connections to this port wait for an answer.
    public static long dials(int port) {
        return rows().filter(row -> row.remote == port && row.state == SYN_SENT).count();
    }

    /// How long it is until this connection's first keep-alive probe; -1: another timer runs.
    public static long secondsUntilProbe(int local, int remote) {
        return rows().filter(row -> row.local == local && row.remote == remote)
                .map(Row::timer)
                .filter(timer -> timer.startsWith(KEEP_ALIVE))
                .mapToLong(timer ->
                        Long.parseLong(timer.substring(KEEP_ALIVE.length()), 16) / TICKS_PER_SECOND)
                .findFirst()
                .orElse(-1);
    }

    private static Stream<Row> rows() {
        return Stream.of("tcp", "tcp6")
                .map(Path.of("/proc/net")::resolve)
                .filter(Files::exists)
                .flatMap(KernelSockets::lines)
                .map(Row::of);
    }

    private static Stream<String> lines(Path table) {
        try {
            return Files.readAllLines(table).stream().skip(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
