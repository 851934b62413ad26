package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.KeepAliveRules;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// In made time.
class KeepAliveTest {
    private static final KeepAliveRules RULES = rules(10, 0, 3, 2);

    private final MockTicker time = Ticker.newMockTicker();
    private final EmbeddedChannel channel = EmbeddedChannel.builder().ticker(time).build();
    private final List<Long> pings = new ArrayList<>();
    private int lost;

    @Test
    void asks_once_in_each_interval() {
        var keepAlive = watch(RULES);

        for (int interval = 1; interval <= 3; interval++) {
            pass(9_999);
            assertThat(pings).hasSize(interval - 1);
            pass(1);
            assertThat(pings).hasSize(interval);
            answer(keepAlive);
        }
        assertThat(lost).isZero();
    }

    @Test
    void a_peer_that_does_not_answer_in_time_is_lost_once() {
        watch(RULES);

        pass(10_000);
        pass(2_999);
        assertThat(lost).isZero();
        pass(1);
        assertThat(lost).isEqualTo(1);
        pass(60_000);
        assertThat(lost).isEqualTo(1);
        assertThat(pings).hasSize(1);
    }

    @Test
    void whatever_comes_shows_that_it_is_there() {
        var keepAlive = watch(RULES);

        pass(10_000);
        for (int i = 0; i < 10; i++) {
            pass(2_999);
            keepAlive.heard();
        }
        assertThat(lost).isZero();
        assertThat(pings).as("one at a time").hasSize(1);

        pass(3_000);
        assertThat(lost).isEqualTo(1);
    }

    @Test
    void asks_ahead_of_a_stream_that_begins_after_a_pause() {
        var keepAlive = watch(rules(0, 0, 3, 2));

        pass(1_999);
        keepAlive.begins();
        assertThat(pings).isEmpty();
        pass(1);
        keepAlive.begins();
        keepAlive.begins();
        assertThat(pings).as("one for both").hasSize(1);
        answer(keepAlive);
        keepAlive.begins();
        assertThat(pings).as("something has just come").hasSize(1);
    }

    @Test
    void without_that_rule_streams_ask_nothing() {
        var keepAlive = watch(rules(10, 0, 3, 0));

        pass(9_999);
        keepAlive.begins();

        assertThat(pings).isEmpty();
    }

    @Test
    void an_interval_is_longer_by_chance_and_at_most_by_the_jitter() {
        watch(rules(10, 0.5, 3, 0));

        pass(9_999);
        assertThat(pings).isEmpty();
        pass(5_001);
        assertThat(pings).hasSize(1);
    }

    @Test
    void answers_to_others_pings_are_theirs() {
        var keepAlive = watch(RULES);

        pass(10_000);
        assertThat(keepAlive.pong(pings.getFirst() + 1)).isFalse();
        pass(3_000);

        assertThat(lost).isEqualTo(1);
    }

    @Test
    void stopped_it_asks_nothing_and_loses_nobody() {
        var keepAlive = watch(RULES);

        pass(10_000);
        keepAlive.stop();
        pass(60_000);

        assertThat(pings).hasSize(1);
        assertThat(lost).isZero();
    }

    private KeepAlive watch(KeepAliveRules rules) {
        return new KeepAlive(rules, channel.eventLoop(), pings::add, () -> lost++);
    }

    private void answer(KeepAlive keepAlive) {
        keepAlive.heard();
        assertThat(keepAlive.pong(pings.getLast())).isTrue();
    }

    private void pass(long millis) {
        time.advance(millis, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    private static KeepAliveRules rules(int interval, double jitter, int timeout, int pause) {
        return new KeepAliveRules(
                Duration.ofSeconds(interval),
                jitter,
                Duration.ofSeconds(timeout),
                Duration.ofSeconds(pause));
    }
}
