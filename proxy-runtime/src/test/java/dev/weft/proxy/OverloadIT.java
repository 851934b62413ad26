package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A proxy that runs short of memory says so instead of running out of it, and serves again when it
/// has enough.
class OverloadIT {
    /// 1024 requests may be under way to a cluster, each with 15 KB of headers: more than a quarter
    /// of a heap that is smaller than the image's.
    private static final String HEAP = "-Xmx40m";

    private static final int ATTACKERS = 4;

    /// More than what the attackers leave, which is less than one more of their requests.
    private static final String LARGE_HEADER = "x: " + "v".repeat(20_000);

    private static final String SMALL_HEADER = "x: v";

    @TempDir Path folder;

    @Test
    void large_requests_are_refused_while_they_take_too_much_and_others_are_served()
            throws Exception {
        try (var http1App = new TestApp("app");
                var http2App = new H2cApp();
                var proxy = new ProxyProcess(folder, http1App.port(), http2App.port(), HEAP)) {
            var attackers = new ArrayList<RawHttp2>();
            try {
                for (int i = 0; i < ATTACKERS; i++) {
                    attackers.add(new RawHttp2(proxy.http2));
                    attackers.getLast().largeRequests(1000);
                }
                eventually("a large request is refused", () -> isRefused(get(proxy, LARGE_HEADER)));
                eventually(
                        "a small request is served",
                        () -> get(proxy, SMALL_HEADER).startsWith("HTTP/1.1 200 "));
            } finally {
                attackers.forEach(RawHttp2::close);
            }

            eventually(
                    "a large request is served again",
                    () -> get(proxy, LARGE_HEADER).startsWith("HTTP/1.1 200 "));
            assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
            assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
            assertThat(proxy.output()).contains("of the memory is in use");
        }
    }

    private static boolean isRefused(String answer) {
        return answer.startsWith("HTTP/1.1 503 ") && answer.contains("short of memory");
    }

    private static String get(ProxyProcess proxy, String header) {
        try {
            return Bystander.get(proxy.http1, "/", header);
        } catch (IOException closed) {
            return "";
        }
    }
}
