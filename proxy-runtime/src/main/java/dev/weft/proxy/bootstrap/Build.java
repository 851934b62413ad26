package dev.weft.proxy.bootstrap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/// Which build this is, as compiled in: the first `weft-build.properties` on the class path says
/// it.
///
/// @param features what this build honours beyond plain xDS, told to control planes as
///   `client_features`
public record Build(String version, List<String> features) {
    public Build {
        features = List.copyOf(features);
    }

    public static Build onClassPath() {
        var properties = new Properties();
        try (InputStream in = Build.class.getResourceAsStream("/weft-build.properties")) {
            if (in == null) {
                throw new IllegalStateException("weft-build.properties is not on the class path");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("weft-build.properties cannot be read", e);
        }
        var features =
                Stream.of(properties.getProperty("features", "").split(","))
                        .map(String::strip)
                        .filter(feature -> !feature.isEmpty())
                        .toList();
        return new Build(properties.getProperty("version", "unknown"), features);
    }
}
