package dev.weft.proxy.health;

import dev.weft.proxy.balance.Vitals;
import dev.weft.proxy.balance.Vitals.Checked;
import dev.weft.proxy.config.HealthCheck;
import java.util.function.LongSupplier;

/// What the health checks of one endpoint have come to, by Envoy's rules: the first answer counts
/// at once, later ones when there are enough of them in a row. Its owner calls it from one thread
/// at a time.
public final class Verdict {
    private final Vitals vitals;
    private final LongSupplier nanos;
    private boolean first = true;
    private int good;
    private int bad;

    /// @param nanos the clock of the endpoint's balancer
    public Verdict(Vitals vitals, LongSupplier nanos) {
        this.vitals = vitals;
        this.nanos = nanos;
    }

    /// What an answer has changed.
    public enum Effect {
        NONE,
        /// More answers of this kind will change the verdict.
        PENDING,
        CHANGED
    }

    public Effect heard(Answer answer, HealthCheck rules) {
        if (answer == Answer.UNASKED) {
            return Effect.NONE;
        }
        var effect = answer.isGood() ? passed(answer, rules) : failed(answer, rules);
        first = false;
        return effect;
    }

    private Effect passed(Answer answer, HealthCheck rules) {
        bad = 0;
        if (vitals.checked() == Checked.FAILS && !first && ++good < rules.successes()) {
            return Effect.PENDING;
        }
        return become(answer == Answer.DEGRADED ? Checked.DEGRADED : Checked.PASSES);
    }

    private Effect failed(Answer answer, HealthCheck rules) {
        good = 0;
        if (vitals.checked() != Checked.PASSES && vitals.checked() != Checked.DEGRADED) {
            return become(Checked.FAILS);
        }
        bad++;
        return answer == Answer.FAILED || bad >= rules.failures()
                ? become(Checked.FAILS)
                : Effect.PENDING;
    }

    private Effect become(Checked now) {
        if (vitals.checked() == now) {
            return Effect.NONE;
        }
        if (vitals.checked() == Checked.FAILS || vitals.checked() == Checked.AWAITED) {
            vitals.cameBack(nanos.getAsLong());
        }
        vitals.checked(now);
        return Effect.CHANGED;
    }
}
