package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.END_STREAM;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.RawHttp2.Frame;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// As many answers at a time as would fill all of the proxy's memory, to clients that all read,
/// though the application is quicker: nobody is ended to make room.
class ManyAnswersIT {
    private static final int CLIENTS = 10;

    /// At a time: 64 MiB of answers, by all clients together.
    private static final int STREAMS = 100;

    private static final int ANSWERS = 150;

    /// After as many bytes as an answer has: 13 MB/s for all clients together.
    private static final Duration PACE = Duration.ofMillis(50);

    @TempDir Path folder;
    private final H2cApp app = new H2cApp();
    private ProxyProcess proxy;

    @BeforeEach
    void start() throws IOException {
        proxy = new ProxyProcess(folder, app.port(), app.port());
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        app.close();
    }

    @Test
    void nobody_who_reads_is_ended() throws Exception {
        var clients = new ArrayList<Future<List<String>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(threads.submit(this::client));
            }
        }

        for (var client : clients) {
            assertThat(client.get()).isEmpty();
        }
        assertThat(proxy.metrics()).contains("weft_high_memory_streams_reset 0");
        assertThat(proxy.output()).doesNotContain("\"response_flags\":\"OM\"");
    }

    /// What is wrong with its answers.
    private List<String> client() throws IOException {
        var wrong = new ArrayList<String>();
        var bytes = new HashMap<Integer, Integer>();
        try (var client = RawHttp2.withLittleRoom(proxy.http2)) {
            client.frame(SETTINGS, 0, 0, 0, 4, 63, 0, 0, 0);
            client.frame(WINDOW_UPDATE, 0, 0, 63, 0, 0, 0);
            var begun = 0;
            var read = 0;
            for (var ended = 0; ended < ANSWERS && wrong.isEmpty(); ) {
                for (; begun < ANSWERS && begun - ended < STREAMS; begun++) {
                    client.get(2 * begun + 1, "/some");
                }
                var frame = client.await(any -> any.stream() > 0);
                if (frame.type() == DATA) {
                    bytes.merge(frame.stream(), frame.payload().length, Integer::sum);
                    read += frame.payload().length;
                    if (read >= H2cApp.SOME) {
                        read = 0;
                        LockSupport.parkNanos(PACE.toNanos());
                    }
                } else if (frame.type() != HEADERS) {
                    wrong.add("frame " + frame);
                }
                if (isLast(frame)) {
                    ended++;
                    var all = bytes.remove(frame.stream());
                    if (all == null || all != H2cApp.SOME + "hello".length()) {
                        wrong.add("an answer of " + all);
                    }
                }
            }
        }
        return wrong;
    }

    private static boolean isLast(Frame frame) {
        return (frame.flags() & END_STREAM) != 0;
    }
}
