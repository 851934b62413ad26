package dev.weft.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.Limits.Budget;
import dev.weft.proxy.config.Limits.Fixed;
import dev.weft.proxy.config.Limits.Retries;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private int requests;

    @Test
    void a_fifth_of_the_requests_may_be_retries() {
        requests = 50;
        var budget = budget(new Budget(20, 3, false));

        assertThat(begin(budget, 20)).isEqualTo(10);
        budget.ended();
        assertThat(begin(budget, 20)).isEqualTo(1);
    }

    @Test
    void a_few_retries_are_allowed_whatever_the_share_is() {
        requests = 1;

        assertThat(begin(budget(new Budget(20, 3, false)), 20)).isEqualTo(3);
    }

    @Test
    void a_fixed_limit_does_not_depend_on_the_requests() {
        requests = 1000;

        assertThat(begin(budget(new Fixed(2)), 20)).isEqualTo(2);
    }

    @Test
    void by_default_retries_of_what_nobody_has_worked_on_are_not_held_back() {
        var budget = budget(Retries.DEFAULT);
        for (int i = 0; i < 100; i++) {
            assertThat(budget.tryBegin(true)).isTrue();
        }

        assertThat(budget.tryBegin(false)).isFalse();
    }

    private RetryBudget budget(Retries rules) {
        return new RetryBudget(rules, () -> requests);
    }

    private static int begin(RetryBudget budget, int tries) {
        var begun = 0;
        for (int i = 0; i < tries; i++) {
            begun += budget.tryBegin(false) ? 1 : 0;
        }
        return begun;
    }
}
