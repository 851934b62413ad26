package dev.weft.controlplane;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

/// All that a control plane is told by its surroundings; the rest is in its MeshRevision. Ports and
/// the folder are fixed in a cluster, and others in tests.
@ConfigMapping(prefix = "weft")
public interface Settings {
    /// `WEFT_REVISION`.
    String revision();

    /// `POD_NAME`.
    String pod();

    /// `POD_NAMESPACE`.
    String namespace();

    @WithDefault("/etc/weft/root")
    Path rootFolder();

    @WithDefault("15010")
    int grpcPort();

    @WithDefault("15017")
    int webhookPort();
}
