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
    /// 1024 requests may be under way to a cluster, each with 15 KB of headers. So they fill a heap
    /// that is smaller than the image's.
    private static final String HEAP = "-Xmx28m";

    private static final int ATTACKERS = 4;

    @TempDir Path folder;

    @Test
    void requests_are_refused_while_memory_is_short() throws Exception {
        try (var http1App = new TestApp("app");
                var http2App = new H2cApp();
                var proxy = new ProxyProcess(folder, http1App.port(), http2App.port(), HEAP)) {
            var attackers = new ArrayList<RawHttp2>();
            try {
                for (int i = 0; i < ATTACKERS && !isRefused(proxy); i++) {
                    attackers.add(new RawHttp2(proxy.http2));
                    attackers.getLast().largeRequests(1000);
                }
                eventually("requests are refused", () -> isRefused(proxy));
            } finally {
                attackers.forEach(RawHttp2::close);
            }

            eventually("requests are served again", () -> get(proxy).startsWith("HTTP/1.1 200 "));
            assertThat(proxy.isAlive()).as(proxy.output()).isTrue();
            assertThat(proxy.peakBytes()).isLessThan(ProxyProcess.LIMIT_BYTES);
            assertThat(proxy.output()).contains("of the memory is in use");
        }
    }

    private static boolean isRefused(ProxyProcess proxy) {
        var answer = get(proxy);
        return answer.startsWith("HTTP/1.1 503 ") && answer.contains("short of memory");
    }

    private static String get(ProxyProcess proxy) {
        try {
            return Bystander.get(proxy.http1, "/");
        } catch (IOException closed) {
            return "";
        }
    }
}
