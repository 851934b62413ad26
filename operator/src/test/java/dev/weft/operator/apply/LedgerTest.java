package dev.weft.operator.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.operator.apply.Ledger.Verdict;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private final Ledger ledger = new Ledger();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void what_is_as_it_was_left_is_kept() {
        assertThat(ledger.judge("a", "w", null, now)).isEqualTo(Verdict.APPLY);
        ledger.applied("a", "w", "live");

        assertThat(ledger.judge("a", "w", "live", now)).isEqualTo(Verdict.KEEP);
        assertThat(ledger.judge("a", "other", "live", now)).isEqualTo(Verdict.APPLY);
    }

    @Test
    void what_was_changed_or_removed_is_repaired() {
        ledger.applied("a", "w", "live");

        assertThat(ledger.judge("a", "w", "changed", now)).isEqualTo(Verdict.REPAIR);
        assertThat(ledger.judge("a", "w", null, now)).isEqualTo(Verdict.REPAIR);
    }

    @Test
    void a_fight_ends_after_some_repairs_and_is_taken_up_again_later() {
        ledger.applied("a", "w", "live");
        for (var i = 0; i < Ledger.REPAIRS; i++) {
            assertThat(ledger.judge("a", "w", "changed", now)).isEqualTo(Verdict.REPAIR);
            ledger.repaired("a", now);
        }

        assertThat(ledger.judge("a", "w", "changed", now)).isEqualTo(Verdict.CONTESTED);
        now = now.plus(Ledger.FIGHT).plusSeconds(1);
        assertThat(ledger.judge("a", "w", "changed", now)).isEqualTo(Verdict.REPAIR);
    }
}
