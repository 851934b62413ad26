package dev.weft.e2e.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheTest {
    private static final Fingerprint ONE = Fingerprint.of("one");

    @TempDir private Path root;
    private final AtomicInteger made = new AtomicInteger();
    private Cache cache;

    @BeforeEach
    void open() {
        cache = new Cache(root);
    }

    @Test
    void an_entry_is_made_once() {
        var first = cache.get("part", ONE, this::make);
        var second = cache.get("part", ONE, this::make);

        assertThat(second).isEqualTo(first);
        assertThat(made).hasValue(1);
        assertThat(first.resolve("file")).hasContent("1");
    }

    @Test
    void another_recipe_is_another_entry() {
        cache.get("part", ONE, this::make);

        assertThat(cache.has("part", Fingerprint.of("two"))).isFalse();
        assertThat(cache.get("part", Fingerprint.of("two"), this::make).resolve("file"))
                .hasContent("2");
    }

    @Test
    void a_recipe_that_fails_leaves_nothing_and_may_be_tried_again() {
        assertThatThrownBy(() ->
                        cache.get(
                                "part",
                                ONE,
                                folder -> {
                                    Files.writeString(folder.resolve("half"), "x");
                                    throw new IOException("no network");
                                }))
                .isInstanceOf(UncheckedIOException.class)
                .hasRootCauseMessage("no network");

        assertThat(cache.has("part", ONE)).isFalse();
        assertThat(cache.get("part", ONE, this::make)).isDirectoryNotContaining("glob:**/half");
    }

    @Test
    void what_a_killed_run_left_half_made_is_not_taken_for_whole() throws IOException {
        var half = Files.createDirectories(root.resolve("part-" + ONE.hex() + ".part"));
        Files.writeString(half.resolve("half"), "x");

        assertThat(cache.get("part", ONE, this::make)).isDirectoryNotContaining("glob:**/half");
    }

    @Test
    void many_who_want_the_same_wait_for_the_one_who_makes_it() throws Exception {
        var all = new CountDownLatch(8);
        var results = new ArrayList<Future<Path>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 8; i++) {
                results.add(
                        threads.submit(() -> {
                            all.countDown();
                            all.await();
                            return cache.get("part", ONE, this::make);
                        }));
            }
        }

        for (var result : results) {
            assertThat(result.get().resolve("file")).hasContent("1");
        }
        assertThat(made).hasValue(1);
    }

    @Test
    void XDG_CACHE_HOME_counts_only_if_it_is_absolute() {
        assertThat(Cache.userFolder(Optional.of("/x"), "/home/a")).isEqualTo(Path.of("/x/weft"));
        assertThat(Cache.userFolder(Optional.of("x"), "/home/a"))
                .isEqualTo(Path.of("/home/a/.cache/weft"));
        assertThat(Cache.userFolder(Optional.empty(), "/home/a"))
                .isEqualTo(Path.of("/home/a/.cache/weft"));
    }

    @Test
    void a_fingerprint_tells_lists_apart_that_read_alike() {
        assertThat(Fingerprint.of("ab", "c")).isNotEqualTo(Fingerprint.of("a", "bc"));
    }

    private void make(Path folder) throws IOException {
        Files.writeString(folder.resolve("file"), Integer.toString(made.incrementAndGet()));
    }
}
