package dev.weft.operator;

import dev.weft.api.Names;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;

/// One operator works, others wait: two would undo each other's marks.
final class LeaderElection {
    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration RENEW_DEADLINE = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    @Produces
    @Singleton
    LeaderElectionConfiguration configuration() {
        return new LeaderElectionConfiguration(
                "weft-operator", Names.NAMESPACE, LEASE, RENEW_DEADLINE, RETRY);
    }
}
