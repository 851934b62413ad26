package dev.weft.e2e.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;

/// A hash of all that decides what a cached thing looks like.
///
/// @param hex the first 16 hexadecimal digits of a SHA-256
public record Fingerprint(String hex) {
    public static Builder builder() {
        return new Builder();
    }

    public static Fingerprint of(String... parts) {
        var builder = builder();
        for (var part : parts) {
            builder.add(part);
        }
        return builder.build();
    }

    /// Takes parts in order; each is closed by its length, so that no two lists run together.
    public static final class Builder {
        private final MessageDigest digest;

        private Builder() {
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every JDK has SHA-256", e);
            }
        }

        public Builder add(String part) {
            return add(part.getBytes(StandardCharsets.UTF_8));
        }

        public Builder add(byte[] part) {
            digest.update(part);
            digest.update(("\0" + part.length + "\0").getBytes(StandardCharsets.UTF_8));
            return this;
        }

        /// A file's content, or names and contents of all files under a folder.
        public Builder addFiles(Path path) {
            try (Stream<Path> files = Files.walk(path)) {
                for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                    add(path.relativize(file).toString());
                    long size = 0;
                    try (var in = new DigestInputStream(Files.newInputStream(file), digest)) {
                        var buffer = new byte[1 << 16];
                        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                            size += n;
                        }
                    }
                    digest.update(("\0" + size + "\0").getBytes(StandardCharsets.UTF_8));
                }
                return this;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        public Fingerprint build() {
            return new Fingerprint(HexFormat.of().formatHex(digest.digest()).substring(0, 16));
        }
    }
}
