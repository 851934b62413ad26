package dev.weft.controlplane.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DebounceTest {
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger runs = new AtomicInteger();

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void a_burst_is_one_run() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        Debounce debounce = debounce(Duration.ofMillis(50), Duration.ofMinutes(1), ran);

        for (int i = 0; i < 1000; i++) {
            debounce.signal();
        }

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
        executor.shutdown(); // what is still scheduled runs no more
        assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        assertThat(runs).hasValue(1);
    }

    @Test
    void signals_without_end_do_not_put_it_off_for_ever() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        Debounce debounce = debounce(Duration.ofMinutes(1), Duration.ofMillis(50), ran);

        debounce.signal();

        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void a_signal_during_a_run_brings_another_run() throws InterruptedException {
        CountDownLatch twice = new CountDownLatch(2);
        Debounce[] self = new Debounce[1];
        self[0] =
                new Debounce(
                        executor,
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        () -> {
                            if (runs.incrementAndGet() == 1) {
                                self[0].signal();
                            }
                            twice.countDown();
                        });

        self[0].signal();

        assertThat(twice.await(30, TimeUnit.SECONDS)).isTrue();
    }

    private Debounce debounce(Duration quiet, Duration latest, CountDownLatch ran) {
        return new Debounce(
                executor,
                quiet,
                latest,
                () -> {
                    runs.incrementAndGet();
                    ran.countDown();
                });
    }
}
