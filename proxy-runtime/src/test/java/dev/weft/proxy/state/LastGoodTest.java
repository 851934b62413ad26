package dev.weft.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.StringValue;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.control.ControlThread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastGoodTest {
    @TempDir Path folder;

    private final ControlThread control = new ControlThread();

    @AfterEach
    void stop() {
        control.close();
    }

    @Test
    void gives_back_what_was_kept() {
        keep(Map.of("type/a", List.of(resource("x", "1"), resource("y", "2"))));

        assertThat(lastGood().load())
                .isEqualTo(Map.of("type/a", List.of(resource("x", "1"), resource("y", "2"))));
    }

    @Test
    void keeps_times_to_live() {
        var mortal = new Resource("x", "1", resource("x", "1").body(), Duration.ofMillis(1_500));
        keep(Map.of("type/a", List.of(mortal)));

        assertThat(lastGood().load()).isEqualTo(Map.of("type/a", List.of(mortal)));
    }

    @Test
    void is_empty_when_nothing_was_kept() {
        assertThat(lastGood().load()).isEmpty();
    }

    @Test
    void is_empty_when_the_file_is_damaged() throws IOException {
        keep(Map.of("type/a", List.of(resource("x", "1"))));
        byte[] whole = Files.readAllBytes(file());
        Files.write(file(), Arrays.copyOf(whole, whole.length - 1));

        assertThat(lastGood().load()).isEmpty();
    }

    @Test
    void tells_every_keeper_once_its_state_is_on_disk_and_writes_bursts_together() {
        var lastGood = lastGood();
        var snapshots = new AtomicInteger();
        var version = new AtomicInteger();
        var told = new CompletableFuture<String>();

        control.execute(() -> {
            for (int i = 1; i <= 100; i++) {
                version.set(i);
                boolean last = i == 100;
                lastGood.keep(
                        () -> {
                            snapshots.incrementAndGet();
                            return Map.of("t", List.of(resource("x", "" + version.get())));
                        },
                        () -> {
                            if (last) {
                                told.complete(
                                        lastGood.load()
                                                .values()
                                                .iterator()
                                                .next()
                                                .getFirst()
                                                .version());
                            }
                        });
            }
        });

        assertThat(told.join()).isEqualTo("100");
        assertThat(snapshots).hasValueBetween(1, 3);
    }

    private void keep(Map<String, Collection<Resource>> inForce) {
        var kept = new CompletableFuture<Void>();
        control.execute(() -> lastGood().keep(() -> inForce, () -> kept.complete(null)));
        kept.join();
    }

    private LastGood lastGood() {
        return new LastGood(file(), control);
    }

    private Path file() {
        return folder.resolve("config");
    }

    private static Resource resource(String name, String version) {
        return new Resource(name, version, Any.pack(StringValue.of(name)));
    }
}
