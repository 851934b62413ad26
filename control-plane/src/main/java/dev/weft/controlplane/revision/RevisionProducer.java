package dev.weft.controlplane.revision;

import dev.weft.controlplane.Settings;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/// Hands [RevisionSource] to whoever asks for one.
@Singleton
final class RevisionProducer {
    @Produces
    @Singleton
    MeshRevisionWatch watch(Settings settings) {
        return new MeshRevisionWatch(settings.revision());
    }
}
