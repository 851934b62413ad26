package dev.weft.e2e.image.trim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipFile;

/// Many jars as one. A JVM makes a URL and a manifest of each jar on its class path before it runs
/// anything, and opens all of them where somebody looks for services: for a few dozen that is a
/// tenth of a proxy's start, and their directories stay in the heap. Of the classes it has what a
/// program sees ([DebugInfo]), for a JVM keeps the rest in memory as well.
public final class OneJar {
    private static final String SERVICES = "META-INF/services/";
    private static final String NETTY_VERSIONS = "META-INF/io.netty.versions.properties";

    private static final String NOTICE = "META-INF/legal/NOTICE-one-jar.txt";
    private static final String WHY =
            "Classes are without what only compilers, debuggers and other tools read: names of local variables and parameters, and annotations that cannot be seen at run time.\n";

    private final Map<String, byte[]> entries = new LinkedHashMap<>();

    private OneJar() {}

    /// The first jar that has a class or a resource counts, as on a class path; lists of services
    /// are put together. Of what is there for several versions of Java it has what this JVM would
    /// take.
    ///
    /// @param jars in order
    /// @throws IOException if one of them cannot be read, or the new one not be written
    public static void of(List<Path> jars, Path into) throws IOException {
        var all = new OneJar();
        for (var jar : jars) {
            all.add(jar);
        }
        try (var out = new JarWriter(into)) {
            out.put(NOTICE, WHY.getBytes(StandardCharsets.UTF_8));
            for (var entry : all.entries.entrySet()) {
                out.put(entry.getKey(), entry.getValue());
            }
        }
    }

    private void add(Path file) throws IOException {
        try (var jar = new JarFile(file.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
            for (var entry : jar.versionedStream().filter(entry -> !entry.isDirectory()).toList()) {
                try (var in = jar.getInputStream(entry)) {
                    add(file, entry, in.readAllBytes());
                }
            }
        }
    }

    private void add(Path jar, JarEntry entry, byte[] content) {
        var name = entry.getName();
        if (JarWriter.isNotice(name)) {
            entries.put("META-INF/legal/" + jar.getFileName() + "/" + name, content);
        } else if (name.startsWith(SERVICES) || name.equals(NETTY_VERSIONS)) {
            entries.merge(name, content, OneJar::lines);
        } else if (isForRunning(name)) {
            entries.computeIfAbsent(
                    name, _ -> ClassPath.isClass(entry) ? DebugInfo.without(content) : content);
        }
    }

    private static byte[] lines(byte[] first, byte[] second) {
        var both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.write('\n');
        both.writeBytes(second);
        return both.toByteArray();
    }

    /// Not what builds, compilers and other tools read.
    private static boolean isForRunning(String name) {
        return !name.startsWith("META-INF/")
                && !name.equals("module-info.class")
                && !name.endsWith(".proto");
    }
}
