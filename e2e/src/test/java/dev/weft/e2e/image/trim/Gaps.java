package dev.weft.e2e.image.trim;

import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.InterfaceMethodRefEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.MethodRefEntry;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What the classes of a class path lack: methods and fields that their code refers to, and methods
/// that they have to implement.
final class Gaps {
    /// @param known whether it was found at all
    /// @param ofJdk whether it is the JDK that has it
    /// @param parents super class first
    /// @param abstracts of the methods those without code
    private record Type(
            String name,
            boolean known,
            boolean ofJdk,
            boolean isAbstract,
            List<String> parents,
            Set<MethodKey> methods,
            Set<MethodKey> abstracts,
            Set<MethodKey> fields) {}

    private final ClassPath classes;
    private final Map<String, Type> types = new HashMap<>();
    private final Map<String, Set<MethodKey>> called = new HashMap<>();
    private final Set<String> found = new TreeSet<>();

    private Gaps(ClassPath classes) {
        this.classes = classes;
    }

    static Set<String> of(ClassPath classes) {
        var gaps = new Gaps(classes);
        classes.names().forEach(gaps::look);
        classes.names().forEach(gaps::implementsAll);
        return gaps.found;
    }

    private void look(String name) {
        var model = classes.read(name).orElseThrow();
        for (var entry : model.constantPool()) {
            switch (entry) {
                case MethodRefEntry method -> refers(name, method, true);
                case InterfaceMethodRefEntry method -> refers(name, method, true);
                case FieldRefEntry field -> refers(name, field, false);
                case ClassEntry type when !type.asInternalName().startsWith("[") -> {
                    if (!of(type.asInternalName()).known()) {
                        found.add(name + " names " + type.asInternalName());
                    }
                }
                default -> {}
            }
        }
    }

    private void refers(String user, MemberRefEntry to, boolean method) {
        var owner = to.owner().asInternalName();
        var key = new MethodKey(to.name().stringValue(), to.type().stringValue());
        if (owner.startsWith("[") || signaturePolymorphic(owner)) {
            return;
        }
        if (method) {
            called.computeIfAbsent(owner, _ -> new HashSet<>()).add(key);
        }
        if (upwards(owner)
                .noneMatch(type -> (method ? type.methods() : type.fields()).contains(key))) {
            found.add("%s refers to %s.%s%s".formatted(user, owner, key.name(), key.type()));
        }
    }

    private static boolean signaturePolymorphic(String owner) {
        return owner.equals("java/lang/invoke/MethodHandle")
                || owner.equals("java/lang/invoke/VarHandle");
    }

    private void implementsAll(String name) {
        if (of(name).isAbstract()) {
            return;
        }
        var wanted = new HashSet<MethodKey>();
        upwards(name)
                .forEach(type ->
                        wanted.addAll(
                                type.ofJdk()
                                        ? type.abstracts()
                                        : called.getOrDefault(type.name(), Set.of())));
        wanted.retainAll(
                upwards(name)
                        .flatMap(type -> type.abstracts().stream())
                        .collect(Collectors.toSet()));
        upwards(name)
                .forEach(type ->
                        wanted.removeIf(key ->
                                type.methods().contains(key) && !type.abstracts().contains(key)));
        wanted.forEach(key -> found.add("%s lacks %s%s".formatted(name, key.name(), key.type())));
    }

    private Stream<Type> upwards(String name) {
        var type = of(name);
        return Stream.concat(Stream.of(type), type.parents().stream().flatMap(this::upwards));
    }

    private Type of(String name) {
        var known = types.get(name);
        if (known == null) {
            known = classes.read(name).map(Gaps::read).orElseGet(() -> ofJdk(name));
            types.put(name, known);
        }
        return known;
    }

    private static Type read(ClassModel model) {
        var methods = new HashSet<MethodKey>();
        var abstracts = new HashSet<MethodKey>();
        var fields = new HashSet<MethodKey>();
        for (var method : model.methods()) {
            methods.add(MethodKey.of(method));
            if (method.flags().has(AccessFlag.ABSTRACT)) {
                abstracts.add(MethodKey.of(method));
            }
        }
        for (var field : model.fields()) {
            fields.add(
                    new MethodKey(
                            field.fieldName().stringValue(), field.fieldType().stringValue()));
        }
        return new Type(
                model.thisClass().asInternalName(),
                true,
                false,
                model.flags().has(AccessFlag.ABSTRACT),
                Hierarchy.parents(model),
                methods,
                abstracts,
                fields);
    }

    private static Type ofJdk(String name) {
        try {
            var type =
                    Class.forName(
                            name.replace('/', '.'), false, ClassLoader.getPlatformClassLoader());
            var methods = new HashSet<MethodKey>();
            var abstracts = new HashSet<MethodKey>();
            for (var method : type.getDeclaredMethods()) {
                var key = key(method.getName(), method.getReturnType(), method.getParameterTypes());
                methods.add(key);
                if (Modifier.isAbstract(method.getModifiers())) {
                    abstracts.add(key);
                }
            }
            for (var constructor : type.getDeclaredConstructors()) {
                methods.add(key("<init>", void.class, constructor.getParameterTypes()));
            }
            var fields = new HashSet<MethodKey>();
            for (var field : type.getDeclaredFields()) {
                fields.add(new MethodKey(field.getName(), field.getType().descriptorString()));
            }
            var parents = Stream.<Class<?>>of(type.getInterfaces());
            // Above an interface, as in its file, stands Object.
            if (!type.equals(Object.class)) {
                var superclass = type.isInterface() ? Object.class : type.getSuperclass();
                parents = Stream.concat(Stream.of(superclass), parents);
            }
            return new Type(
                    name,
                    true,
                    true,
                    Modifier.isAbstract(type.getModifiers()),
                    parents.map(parent -> parent.getName().replace('.', '/')).toList(),
                    methods,
                    abstracts,
                    fields);
        } catch (ClassNotFoundException | LinkageError e) {
            return new Type(name, false, false, true, List.of(), Set.of(), Set.of(), Set.of());
        }
    }

    private static MethodKey key(String name, Class<?> result, Class<?>... parameters) {
        return new MethodKey(name, MethodType.methodType(result, parameters).descriptorString());
    }
}
