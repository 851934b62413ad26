package dev.weft.e2e.image.trim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/// The classes of some jars, read when they are asked for. Class names are those of class files,
/// with slashes.
final class ClassPath implements AutoCloseable {
    private static final String SUFFIX = ".class";

    /// Another form of a class.
    interface Change {
        ClassModel of(ClassModel model, Function<String, Optional<ClassModel>> others);
    }

    private record Located(JarFile jar, JarEntry entry) {}

    private final List<JarFile> jars = new ArrayList<>();
    private final Map<String, Located> classes = new HashMap<>();
    private final UnaryOperator<ClassModel> change;

    /// @param jars the first that has a class counts
    ClassPath(List<Path> jars) throws IOException {
        this(jars, (model, _) -> model);
    }

    /// @param change what is done to each class that is read; it is handed the others as they are
    ClassPath(List<Path> jars, Change change) throws IOException {
        this.change = model -> change.of(model, this::asItIs);
        try {
            for (var jar : jars) {
                open(jar);
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void open(Path file) throws IOException {
        var jar = new JarFile(file.toFile());
        jars.add(jar);
        for (var entry : Collections.list(jar.entries())) {
            if (isClass(entry)) {
                classes.putIfAbsent(className(entry), new Located(jar, entry));
            }
        }
    }

    static boolean isClass(JarEntry entry) {
        return entry.getName().endsWith(SUFFIX) && !entry.getName().startsWith("META-INF/");
    }

    static String className(JarEntry entry) {
        return entry.getName().substring(0, entry.getName().length() - SUFFIX.length());
    }

    Set<String> names() {
        return new TreeSet<>(classes.keySet());
    }

    boolean has(String name) {
        return classes.containsKey(name);
    }

    /// Nothing for a class that is in none of the jars.
    Optional<ClassModel> read(String name) {
        return asItIs(name).map(change);
    }

    private Optional<ClassModel> asItIs(String name) {
        return Optional.ofNullable(classes.get(name))
                .map(located -> ClassFile.of().parse(bytes(located)));
    }

    private static byte[] bytes(Located located) {
        try (var in = located.jar().getInputStream(located.entry())) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + located.entry(), e);
        }
    }

    @Override
    public void close() throws IOException {
        for (var jar : jars) {
            jar.close();
        }
    }
}
