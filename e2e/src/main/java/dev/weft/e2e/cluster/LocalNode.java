package dev.weft.e2e.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The local cluster's only node, entered by way of its first process.
record LocalNode(Path folder, Path bin) implements Node {
    @Override
    public List<String> commandLine(String... command) {
        var line =
                new ArrayList<>(
                        List.of("nsenter", "-t", pid(), "-n", "-m", "-p", "-u", "-i", "--", "env"));
        line.add("PATH=" + bin + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        line.add("KUBECONFIG=" + folder.resolve("node.kubeconfig"));
        line.add("CONTAINERD_ADDRESS=/run/containerd/containerd.sock");
        line.add("CONTAINERD_NAMESPACE=k8s.io");
        line.addAll(List.of(command));
        return line;
    }

    private String pid() {
        try {
            return Files.readString(folder.resolve("node.pid")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("the local cluster in " + folder + " is gone", e);
        }
    }
}
