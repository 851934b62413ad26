package dev.weft.controlplane;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/// What this build is, from `weft-build.properties` on the class path.
///
/// @param features of the xDS that it serves to proxies which list them too
public record BuildInfo(String version, Set<String> features) {
    private static final String FILE = "/weft-build.properties";

    public BuildInfo {
        features = Set.copyOf(features);
    }

    /// A build outside of any image has no such file: it is version `dev` without features.
    public static BuildInfo load() {
        Properties properties = new Properties();
        try (InputStream in = BuildInfo.class.getResourceAsStream(FILE)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " cannot be read", e);
        }
        return new BuildInfo(
                properties.getProperty("version", "dev").strip(),
                Arrays.stream(properties.getProperty("features", "").split(","))
                        .map(String::strip)
                        .filter(feature -> !feature.isEmpty())
                        .collect(Collectors.toUnmodifiableSet()));
    }
}
