package dev.weft.controlplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/// What this build is, from the image's `weft-build.properties`. No resource: Quarkus sees only
/// what it has packed, and an AOT cache forbids folders on the class path.
///
/// @param features of the xDS that it serves to proxies which list them too
public record BuildInfo(String version, Set<String> features) {
    private static final Path FILE = Path.of("/app/build/weft-build.properties");

    public BuildInfo {
        features = Set.copyOf(features);
    }

    /// A build outside of any image has no such file: it is version `dev` without features.
    public static BuildInfo load() {
        return from(FILE);
    }

    static BuildInfo from(Path file) {
        Properties properties = new Properties();
        if (Files.exists(file)) {
            try (var in = Files.newInputStream(file)) {
                properties.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(file + " cannot be read", e);
            }
        }
        return new BuildInfo(
                properties.getProperty("version", "dev").strip(),
                Arrays.stream(properties.getProperty("features", "").split(","))
                        .map(String::strip)
                        .filter(feature -> !feature.isEmpty())
                        .collect(Collectors.toUnmodifiableSet()));
    }
}
