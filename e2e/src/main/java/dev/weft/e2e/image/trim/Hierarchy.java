package dev.weft.e2e.image.trim;

import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.invoke.MethodType;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which types stand above a class, and what they declare: the library's, the rest of the
/// program's, and the JDK's.
final class Hierarchy {
    /// @param ofLibrary whether it may be trimmed
    /// @param superclass empty where there is none
    /// @param parents super class and interfaces
    /// @param declared what classes below inherit or override
    record Type(
            String name,
            boolean ofLibrary,
            String superclass,
            List<String> parents,
            Set<MethodKey> declared) {}

    private final ClassPath library;
    private final ClassPath rest;
    private final Map<String, Type> types = new HashMap<>();

    Hierarchy(ClassPath library, ClassPath rest) {
        this.library = library;
        this.rest = rest;
    }

    /// A class and all above it, itself first.
    Set<Type> upwards(String name) {
        var found = new LinkedHashSet<Type>();
        collect(name, found);
        return found;
    }

    private void collect(String name, Set<Type> found) {
        var type = of(name);
        if (found.add(type)) {
            type.parents().forEach(parent -> collect(parent, found));
        }
    }

    Type of(String name) {
        var known = types.get(name);
        if (known == null) {
            known =
                    library.read(name)
                            .or(() -> rest.read(name))
                            .map(model -> read(name, model))
                            .orElseGet(() -> ofJdk(name));
            types.put(name, known);
        }
        return known;
    }

    private Type read(String name, ClassModel model) {
        return new Type(
                name,
                library.has(name),
                model.superclass().map(ClassEntry::asInternalName).orElse(""),
                parents(model),
                model.methods().stream()
                        .filter(method -> overridable(method.flags().flagsMask()))
                        .map(MethodKey::of)
                        .collect(Collectors.toUnmodifiableSet()));
    }

    private static boolean overridable(int flags) {
        return !Modifier.isStatic(flags) && !Modifier.isPrivate(flags);
    }

    static List<String> parents(ClassModel model) {
        return Stream.concat(model.superclass().stream(), model.interfaces().stream())
                .map(ClassEntry::asInternalName)
                .toList();
    }

    /// A class that is nowhere declares nothing: it is an optional dependency's.
    private static Type ofJdk(String name) {
        try {
            var type =
                    Class.forName(name.replace('/', '.'), false, Hierarchy.class.getClassLoader());
            var superclass =
                    Optional.<Class<?>>ofNullable(type.getSuperclass())
                            .map(Hierarchy::name)
                            .orElse("");
            return new Type(
                    name,
                    false,
                    superclass,
                    Stream.concat(
                                    Stream.of(superclass).filter(parent -> !parent.isEmpty()),
                                    Arrays.stream(type.getInterfaces()).map(Hierarchy::name))
                            .toList(),
                    Arrays.stream(type.getDeclaredMethods())
                            .filter(method -> overridable(method.getModifiers()))
                            .map(method ->
                                    new MethodKey(
                                            method.getName(),
                                            MethodType.methodType(
                                                            method.getReturnType(),
                                                            method.getParameterTypes())
                                                    .descriptorString()))
                            .collect(Collectors.toUnmodifiableSet()));
        } catch (ClassNotFoundException | LinkageError e) {
            return new Type(name, false, "", List.of(), Set.of());
        }
    }

    private static String name(Class<?> type) {
        return type.getName().replace('.', '/');
    }
}
