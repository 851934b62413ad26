package dev.weft.operator;

import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.jboss.logging.Logger;

/// Says at the start which build this is, as its image knows it.
final class BuildInfo {
    private static final Logger LOG = Logger.getLogger("dev.weft.operator");
    private static final Path FILE = Path.of("/app/build/weft-build.properties");

    void say(@Observes StartupEvent start) {
        LOG.infof("weft-operator %s", version());
    }

    private static String version() {
        if (!Files.exists(FILE)) {
            return "outside of an image";
        }
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(FILE)) {
            properties.load(reader);
        } catch (IOException e) {
            LOG.warnf("%s cannot be read: %s", FILE, e.getMessage());
        }
        return properties.getProperty("version", "of an unknown version");
    }
}
