package dev.weft.controlplane;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/// `/q/health/live` and `/q/health/ready`.
@Singleton
final class ControlPlaneHealth {
    @Produces
    @Singleton
    @Readiness
    HealthCheck ready(ControlPlane controlPlane) {
        return () -> {
            var missing = controlPlane.missing();
            var answer = HealthCheckResponse.named("control-plane").status(missing.isEmpty());
            return missing.isEmpty()
                    ? answer.build()
                    : answer.withData("missing", String.join(" ", missing)).build();
        };
    }

    @Produces
    @Singleton
    @Liveness
    HealthCheck live(ControlPlane controlPlane) {
        return () -> HealthCheckResponse.named("upkeep").status(controlPlane.alive()).build();
    }
}
