package dev.weft.proxy.bootstrap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;

/// Which build this is: the image's `weft-build.properties` says it, outside of an image the one on
/// the class path. The image's is a file of its own because an AOT cache forbids folders on the
/// class path, and because one cache then serves every build of the same jars.
///
/// @param features what this build honours beyond plain xDS, told to control planes as
///   `client_features`
public record Build(String version, List<String> features) {
    private static final String NAME = "weft-build.properties";
    private static final Path IMAGE = Path.of("/app/build", NAME);

    public Build {
        features = List.copyOf(features);
    }

    public static Build current() {
        return from(IMAGE);
    }

    static Build from(Path image) {
        try (InputStream in = open(image)) {
            var properties = new Properties();
            properties.load(in);
            return of(properties);
        } catch (IOException e) {
            throw new UncheckedIOException(NAME + " cannot be read", e);
        }
    }

    private static InputStream open(Path image) throws IOException {
        if (Files.exists(image)) {
            return Files.newInputStream(image);
        }
        return Objects.requireNonNull(
                Build.class.getResourceAsStream("/" + NAME), NAME + " is not on the class path");
    }

    private static Build of(Properties properties) {
        var features =
                Stream.of(properties.getProperty("features", "").split(","))
                        .map(String::strip)
                        .filter(feature -> !feature.isEmpty())
                        .toList();
        return new Build(properties.getProperty("version", "unknown"), features);
    }
}
