package dev.weft.e2e.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final Ledger ledger = new Ledger();
    private final Tally tally = new Tally("client");

    @Test
    void is_flawless_when_every_id_came_once_and_all_was_answered() {
        answered(3);
        batch("server", 0, 0, 1, 2);
        ledger.sent(tally.snapshot(true));

        assertThat(report().flawless()).isTrue();
        assertThat(report().issued()).isEqualTo(3);
    }

    @Test
    void a_batch_that_is_sent_again_counts_once() {
        answered(1);
        batch("server", 0, 0);
        batch("server", 0, 0);
        ledger.sent(tally.snapshot(true));

        assertThat(report().duplicates()).isZero();
    }

    @Test
    void the_same_id_at_two_servers_is_a_duplicate() {
        answered(1);
        batch("one", 0, 0);
        batch("two", 0, 0);
        ledger.sent(tally.snapshot(true));

        assertThat(report().duplicates()).isEqualTo(1);
        assertThat(report().flawless()).isFalse();
    }

    @Test
    void an_id_that_no_server_saw_is_missing_by_name() {
        answered(3);
        batch("server", 0, 0, 2);
        ledger.sent(tally.snapshot(true));

        assertThat(report().missingIds()).containsExactly("client:1");
        assertThat(report().flawless()).isFalse();
    }

    @Test
    void an_id_that_was_never_issued_is_unexpected() {
        answered(1);
        batch("server", 0, 0, 7);
        ledger.sent(tally.snapshot(true));

        assertThat(report().unexpected()).isEqualTo(1);
        assertThat(report().flawless()).isFalse();
    }

    @Test
    void a_report_about_some_clients_leaves_the_others_out() {
        answered(2);
        ledger.sent(tally.snapshot(true));

        assertThat(LoadReport.parse(ledger.report().encode(), "cli").missing()).isEqualTo(2);
        assertThat(LoadReport.parse(ledger.report().encode(), "other").issued()).isZero();
    }

    @Test
    void an_older_snapshot_that_comes_late_changes_nothing() {
        var early = tally.snapshot(false);
        answered(2);
        ledger.sent(tally.snapshot(true));
        ledger.sent(early);

        assertThat(report().issued()).isEqualTo(2);
        assertThat(report().running()).isZero();
    }

    @Test
    void a_client_that_has_not_said_its_last_word_leaves_the_report_open() {
        answered(1);
        batch("server", 0, 0);
        ledger.sent(tally.snapshot(false));

        assertThat(report().flawless()).isFalse();
    }

    @Test
    void a_request_without_an_answer_leaves_the_report_open() {
        tally.issue();
        batch("server", 0, 0);
        ledger.sent(tally.snapshot(true));

        assertThat(report().flawless()).isFalse();
    }

    @Test
    void the_share_of_mutual_tls_counts_only_calls_between_meshed_pods() {
        finish(false, Optional.empty());
        finish(true, Optional.of("spiffe://cluster.local/ns/a/sa/b"));
        finish(true, Optional.empty());
        ledger.sent(tally.snapshot(true));

        assertThat(report().mtlsShare()).isEqualTo(0.5);
        assertThat(report().peers()).containsExactly("spiffe://cluster.local/ns/a/sa/b");
    }

    @Test
    void an_id_counts_as_wrong_once_whatever_is_wrong_with_it() {
        answered(2);
        fail(); // 2: failed, and no server saw it
        fail(); // 3: failed, and two servers saw it
        tally.issue(); // 4: without an answer
        batch("one", 0, 1, 3, 4);
        batch("two", 0, 3, 9);
        batch("three", 0, 3);
        ledger.sent(tally.snapshot(true));

        assertThat(report().wrong()).isEqualTo(5); // 0 is missing, 9 unknown
    }

    @Test
    void nothing_is_wrong_when_every_id_came_once_and_all_was_answered() {
        answered(3);
        batch("server", 0, 0, 1, 2);
        ledger.sent(tally.snapshot(true));

        assertThat(report().wrong()).isZero();
    }

    @Test
    void ids_of_a_client_that_has_told_nothing_are_unknown() {
        batch("server", 0, 0, 1);

        assertThat(report().unexpected()).isEqualTo(2);
        assertThat(report().wrong()).isEqualTo(2);
        assertThat(report().flawless()).isFalse();
    }

    private void fail() {
        var request = new Schedule.Planned(tally.issue(), Protocol.HTTP1, "web", false, false);
        tally.finish(
                new Outcome(
                        request,
                        Optional.of("no"),
                        Duration.ofMillis(3),
                        false,
                        Optional.empty(),
                        ""),
                1_000);
    }

    private void answered(int requests) {
        for (int i = 0; i < requests; i++) {
            finish(false, Optional.empty());
        }
    }

    private void finish(boolean meshed, Optional<String> peer) {
        var request = new Schedule.Planned(tally.issue(), Protocol.HTTP1, "web", false, false);
        tally.finish(
                new Outcome(request, Optional.empty(), Duration.ofMillis(3), meshed, peer, "v1"),
                1_000);
    }

    private void batch(String server, int number, Integer... ids) {
        ledger.seen(
                new JsonObject()
                        .put("server", server)
                        .put("batch", number)
                        .put("ids", new JsonObject().put("client", JsonArray.of((Object[]) ids))));
    }

    private LoadReport report() {
        return LoadReport.parse(ledger.report().encode());
    }
}
