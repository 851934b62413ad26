package dev.weft.operator;

import dev.weft.api.Names;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.quarkus.runtime.Quarkus;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// One operator works, others wait: two would undo each other's marks.
final class LeaderElection {
    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration RENEW_DEADLINE = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    @Produces
    @Singleton
    LeaderElectionConfiguration configuration(
            @ConfigProperty(name = "weft.pod-name", defaultValue = "weft-operator")
                    String podName) {
        return new LeaderElectionConfiguration(
                "weft-operator",
                Names.NAMESPACE,
                LEASE,
                RENEW_DEADLINE,
                RETRY,
                podName + "-" + UUID.randomUUID(),
                new LeaderCallbacks(() -> {}, LeaderElection::leave, leader -> {}),
                // The SDK would call System.exit, also when it is the process's end that ends the
                // leadership: it
                // would then wait for itself until the kubelet kills it, and the lease would not be
                // given back.
                false);
    }

    /// Who has lost the lease ends, and starts anew as one that waits.
    private static void leave() {
        Quarkus.asyncExit(1);
    }
}
