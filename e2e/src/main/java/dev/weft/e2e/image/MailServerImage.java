package dev.weft.e2e.image;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.cache.Folders;
import dev.weft.e2e.machine.DebianPackages;
import dev.weft.e2e.machine.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Debian's Exim: a server of somebody else's that speaks before its client does. It takes every
/// mail and keeps it in its queue.
public final class MailServerImage {
    public static final int PORT = 2525;

    /// Who runs it: Exim knows its own user by name, so the image names this one so.
    public static final long USER = 65532;

    public static final List<String> COMMAND =
            List.of("/usr/sbin/exim4", "-bdf", "-C", "/etc/exim.conf");

    private static final String SUITE = "bookworm";
    private static final String PACKAGES = "exim4-daemon-light,libc6";
    private static final List<String> UNWANTED =
            List.of("usr/share", "usr/bin", "usr/games", "var", "dev", "tmp");

    private static final String PASSWD =
            "root:x:0:0:root:/:/bin/false\nDebian-exim:x:%1$d:%1$d:exim:/tmp:/bin/false\n"
                    .formatted(USER);
    private static final String GROUP = "root:x:0:\nDebian-exim:x:%d:\n".formatted(USER);
    private static final String CONFIGURATION =
            """
            primary_hostname = mail.weft.test
            spool_directory = /tmp/spool
            log_file_path = /tmp/exim-%%slog
            keep_environment =
            local_interfaces = <; 0.0.0.0 ; ::0
            daemon_smtp_ports = %d
            tls_advertise_hosts =
            host_lookup =
            queue_only = true
            acl_smtp_rcpt = take
            acl_smtp_data = take

            begin acl
            take:
              accept
            """
                    .formatted(PORT);

    private MailServerImage() {}

    /// Made once per machine.
    public static BuiltImage get(Cache cache, Progress progress) {
        var fingerprint =
                Fingerprint.builder()
                        .add("recipe 1")
                        .add(SUITE)
                        .add(PACKAGES)
                        .add(String.join(" ", UNWANTED))
                        .add(PASSWD + GROUP + CONFIGURATION)
                        .add(Base.architecture())
                        .build();
        var folder = cache.get("image-mailserver", fingerprint, entry -> make(entry, progress));
        return new BuiltImage("mailserver", "1", folder.resolve("mailserver.tar"));
    }

    private static void make(Path folder, Progress progress) throws IOException {
        DebianPackages.ensure(DebianPackages.FOR_IMAGES, progress);
        Path root = folder.resolve("root");
        progress.timed("Making the image of a mail server", () -> debian(root));
        for (String unwanted : UNWANTED) {
            Folders.delete(root.resolve(unwanted));
        }
        for (String wanted : List.of("dev", "etc", "proc", "sys", "tmp", "var")) {
            Files.createDirectories(root.resolve(wanted));
        }
        Processes.must("chmod", "1777", root.resolve("tmp").toString());
        Files.writeString(root.resolve("etc/passwd"), PASSWD);
        Files.writeString(root.resolve("etc/group"), GROUP);
        Files.writeString(root.resolve("etc/exim.conf"), CONFIGURATION);
        try (var archive = new DockerArchive(folder.resolve("mailserver.tar"))) {
            archive.layer(root);
            archive.finish("localhost/weft/mailserver:1", Base.architecture());
        }
        Folders.delete(root);
    }

    private static Path debian(Path root) {
        Processes.must(
                "mmdebstrap",
                "--quiet",
                "--variant=extract",
                "--architectures=" + Base.architecture(),
                "--include=" + PACKAGES,
                SUITE,
                root.toString());
        return root;
    }
}
