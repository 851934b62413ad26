package dev.weft.proxy.bootstrap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The pod that this proxy is in; a part is empty where the volume does not say it.
public record Pod(String name, String namespace, String uid) {
    public static Pod read(Paths paths) {
        return new Pod(
                line(paths.pod().resolve("name")),
                line(paths.pod().resolve("namespace")),
                line(paths.pod().resolve("uid")));
    }

    private static String line(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
