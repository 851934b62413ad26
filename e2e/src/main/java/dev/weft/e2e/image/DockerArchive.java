package dev.weft.e2e.image;

import dev.weft.e2e.cache.Folders;
import dev.weft.e2e.machine.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/// Writes an image of whole folders, with their links and modes, as a docker-archive. Jib's own
/// layers know no symbolic links, so the base is made here and taken by Jib from there.
final class DockerArchive implements AutoCloseable {
    private final Path archive;
    private final Path work;
    private final List<String> layers = new ArrayList<>();
    private final List<String> diffIds = new ArrayList<>();

    DockerArchive(Path archive) throws IOException {
        this.archive = archive;
        this.work = Files.createTempDirectory(archive.toAbsolutePath().getParent(), "archive-");
    }

    /// Adds a folder's content as a layer that is the same whenever the content is.
    void layer(Path folder) throws IOException {
        var name = "layer" + layers.size() + ".tar";
        Processes.must(
                "tar",
                "--create",
                "--file=" + work.resolve(name),
                "--directory=" + folder,
                "--format=gnu",
                "--sort=name",
                "--mtime=@1",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                ".");
        layers.add(name);
        diffIds.add("sha256:" + sha256(work.resolve(name)));
    }

    void finish(String reference, String architecture) throws IOException {
        Files.writeString(
                work.resolve("config.json"),
                """
                {"architecture":"%s","os":"linux","created":"1970-01-01T00:00:00Z",\
                "config":{"Env":["PATH=/opt/java/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},\
                "rootfs":{"type":"layers","diff_ids":%s}}
                """
                        .formatted(architecture, array(diffIds)));
        Files.writeString(
                work.resolve("manifest.json"),
                """
                [{"Config":"config.json","RepoTags":["%s"],"Layers":%s}]
                """
                        .formatted(reference, array(layers)));
        var command =
                new ArrayList<>(
                        List.of("tar", "--create", "--file=" + archive, "--directory=" + work));
        command.addAll(List.of("manifest.json", "config.json"));
        command.addAll(layers);
        Processes.must(command.toArray(String[]::new));
    }

    /// The layers of such an archive that has been unpacked, lowest first.
    static List<Path> layers(Path unpacked) throws IOException {
        try (var files = Files.list(unpacked)) {
            return files.filter(file -> file.getFileName().toString().startsWith("layer"))
                    .sorted()
                    .toList();
        }
    }

    private static String array(List<String> names) {
        return names.stream().collect(Collectors.joining("\",\"", "[\"", "\"]"));
    }

    private static String sha256(Path file) throws IOException {
        try (var in =
                new DigestInputStream(
                        Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            var buffer = new byte[1 << 16];
            while (in.read(buffer) >= 0) {
                // the digest reads along
            }
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() throws IOException {
        Folders.delete(work);
    }
}
