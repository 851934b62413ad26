package dev.weft.e2e.image;

import dev.weft.e2e.cache.Folders;
import dev.weft.e2e.machine.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// An image's file system, unpacked in a folder, in which programs run as they would in a
/// container: with files of the same times, as only root, and cut off from this machine's network,
/// processes and mounts.
final class Rootfs implements AutoCloseable {
    /// The folder in which it is.
    static final String NAME = "rootfs";

    /// What Jib gives to every file, and [DockerArchive] too.
    private static final FileTime TIME = FileTime.from(Instant.ofEpochSecond(1));

    /// `$1` is the root folder. The mounts vanish with their namespace.
    private static final String ENTER =
            """
            set -e
            root=$1; shift
            ip link set lo up
            mount --bind "$root" "$root"
            cd "$root"
            mount -t proc proc proc
            mount -t tmpfs -o mode=1777 tmpfs tmp
            mount -t tmpfs -o mode=755 tmpfs run
            mount -t tmpfs -o mode=755 tmpfs dev
            mknod -m 666 dev/null c 1 3
            mknod -m 666 dev/random c 1 8
            mknod -m 666 dev/urandom c 1 9
            exec chroot "$root" "$@"
            """;

    private final Path root;

    private Rootfs(Path root) {
        this.root = root;
    }

    /// @param work an existing folder of its own, on a file system that has room
    static Rootfs unpack(Path work, Base base, Content content) throws IOException {
        var rootfs = new Rootfs(Files.createDirectory(work.resolve(NAME)));
        try {
            rootfs.add(base);
            rootfs.add(content);
            return rootfs;
        } catch (IOException | RuntimeException e) {
            rootfs.close();
            throw e;
        }
    }

    private void add(Base base) throws IOException {
        var layers = Files.createDirectory(root.resolve("layers"));
        extract(base.archive(), layers);
        for (var layer : DockerArchive.layers(layers)) {
            extract(layer, root);
        }
        Folders.delete(layers);
    }

    private static void extract(Path archive, Path into) {
        Processes.must("tar", "--extract", "--file=" + archive, "--directory=" + into);
    }

    private void add(Content content) throws IOException {
        for (var layer : content.list()) {
            for (var entry : layer.entries()) {
                var file = inside(entry.path());
                Files.createDirectories(file.getParent());
                Files.copy(entry.file(), file, StandardCopyOption.REPLACE_EXISTING);
                Files.setLastModifiedTime(file, TIME);
            }
        }
    }

    /// Where a path of the image is on this machine. Links are not followed: they lead elsewhere
    /// here.
    Path inside(String path) {
        return root.resolve(path.substring(1));
    }

    /// Copies a folder of this machine into the image.
    void copy(Path folder, String path) {
        Processes.must("cp", "--recursive", folder.toString(), inside(path).toString());
    }

    /// A program inside of it, yet to be started. Whatever it starts ends with it.
    ProcessBuilder program(List<String> command) {
        var all = new ArrayList<>(List.of("unshare", "--net", "--mount", "--pid", "--fork"));
        all.addAll(List.of("--kill-child", "sh", "-c", ENTER, "sh", root.toString()));
        all.addAll(command);
        var builder = new ProcessBuilder(all);
        builder.environment().clear();
        builder.environment().put("PATH", "/opt/java/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        return builder;
    }

    @Override
    public void close() throws IOException {
        Folders.delete(root);
    }
}
