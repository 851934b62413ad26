package dev.weft.proxy.health;

import dev.weft.proxy.config.HealthCheck.Pace;
import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait between questions.
public final class Pauses {
    private static final int WHOLE = 100;

    private Pauses() {}

    public static Duration beforeFirst(Pace pace, RandomGenerator random) {
        return upTo(pace.initialJitter(), random);
    }

    /// @param used whether the cluster has ever been connected to
    public static Duration after(
            Answer answer, Verdict.Effect effect, boolean used, Pace pace, RandomGenerator random) {
        var pause = pause(answer, effect == Verdict.Effect.PENDING, used, pace);
        return pause.plus(upTo(pause.multipliedBy(pace.jitterPercent()).dividedBy(WHOLE), random))
                .plus(upTo(pace.jitter(), random));
    }

    private static Duration pause(Answer answer, boolean edge, boolean used, Pace pace) {
        if (answer == Answer.UNASKED) {
            return pace.edge();
        }
        if (!used) {
            return answer.isGood() ? pace.idleHealthy() : pace.idle();
        }
        if (answer.isGood()) {
            return edge ? pace.edge() : pace.interval();
        }
        return edge ? pace.unhealthyEdge() : pace.unhealthy();
    }

    private static Duration upTo(Duration most, RandomGenerator random) {
        return most.isZero() ? most : Duration.ofNanos(random.nextLong(most.toNanos()));
    }
}
