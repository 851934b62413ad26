package dev.weft.e2e.image.trim;

import static java.util.Objects.requireNonNull;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What of a library the rest of a program can reach, found by a walk through all code: a class by
/// its name in an instruction or a descriptor, a method by a call. A call means the method that a
/// JVM finds from the class that the code names, and each that it may find in its place for an
/// object of a class below that one. The JDK's code is not walked: it may call all that it
/// declares. An interface of which nothing is called, and that no code names, is gone from what
/// implements it.
///
/// What is only reached by Java reflection is not found. For protobuf's, which asks for all getters
/// and setters of a message by name, see [Messages].
final class Reachable {
    private static final String ENUM = "java/lang/Enum";

    /// A class and what is kept of its methods.
    ///
    /// @param interfaces what it implements or extends
    record Kept(
            ClassModel model,
            Map<MethodKey, MethodModel> all,
            Set<MethodKey> methods,
            Set<String> interfaces) {}

    private final ClassPath library;
    private final ClassPath rest;
    private final Hierarchy hierarchy;
    private final Map<String, Kept> kept = new TreeMap<>();

    /// By a type, itself and all below it: of the library what is kept, of the rest what has a
    /// parent in the library.
    private final Map<String, Set<String>> below = new HashMap<>();

    /// By the type that the code names, calls for which an object's class decides.
    private final Map<String, Set<MethodKey>> virtual = new HashMap<>();

    /// What is there for more than to be a parent of a class of the library.
    private final Set<String> named = new HashSet<>();

    private final Deque<MethodModel> unseen = new ArrayDeque<>();

    private Reachable(ClassPath library, ClassPath rest) {
        this.library = library;
        this.rest = rest;
        this.hierarchy = new Hierarchy(library, rest);
    }

    /// @param rest all of the program that is not the library: it is kept as it is
    /// @return the classes of the library that are kept, by name
    static Map<String, Kept> of(ClassPath library, ClassPath rest) {
        var walk = new Reachable(library, rest);
        walk.begin();
        while (!walk.unseen.isEmpty()) {
            walk.follow(Uses.of(walk.unseen.remove()));
        }
        walk.leaveOutEmptyInterfaces();
        return walk.kept;
    }

    private void begin() {
        for (var name : rest.names()) {
            var model = rest.read(name).orElseThrow();
            Hierarchy.parents(model).forEach(this::keepNamed);
            if (hierarchy.upwards(name).stream().anyMatch(Hierarchy.Type::ofLibrary)) {
                stands(name);
            }
            var knowsLibrary = Uses.any(model.constantPool(), library);
            for (var method : model.methods()) {
                var uses = Uses.of(method);
                if (knowsLibrary) {
                    Messages.refuseReflection(name, uses, library);
                }
                follow(uses);
            }
        }
    }

    private void follow(Uses uses) {
        uses.classes().forEach(this::keepNamed);
        uses.calls().forEach(this::call);
    }

    private void call(Uses.Call call) {
        keepNamed(call.owner());
        declared(call.owner(), call.method());
        if (call.virtual()
                && virtual.computeIfAbsent(call.owner(), _ -> new HashSet<>()).add(call.method())) {
            below.getOrDefault(call.owner(), Set.of()).stream()
                    .toList()
                    .forEach(name -> found(name, call.method()));
        }
    }

    /// The method that a call names, which has to be there, be it without code.
    private void declared(String owner, MethodKey method) {
        if (!found(owner, method)) {
            hierarchy.upwards(owner).forEach(type -> keepIn(type.name(), method));
        }
    }

    /// The method that is run for an object of a class.
    ///
    /// @return whether a class has it; interfaces are looked at if not
    private boolean found(String name, MethodKey method) {
        for (var type = hierarchy.of(name); ; type = hierarchy.of(type.superclass())) {
            if (type.ofLibrary() ? keepIn(type.name(), method) : type.declared().contains(method)) {
                return true;
            }
            if (type.superclass().isEmpty()) {
                break;
            }
        }
        for (var type : hierarchy.upwards(name)) {
            var at = kept.get(type.name());
            if (at != null && hasCode(at.all().get(method))) {
                keep(at, method);
            }
        }
        return false;
    }

    private static boolean hasCode(@Nullable MethodModel method) {
        return method != null && !method.flags().has(AccessFlag.ABSTRACT);
    }

    private boolean keepIn(String name, MethodKey method) {
        keep(name);
        var type = kept.get(name);
        return type != null && keep(type, method);
    }

    private boolean keep(Kept type, MethodKey method) {
        var code = type.all().get(method);
        if (code != null && type.methods().add(method)) {
            unseen.add(code);
        }
        return code != null;
    }

    private void keepNamed(String name) {
        named.add(name);
        keep(name);
    }

    private void keep(String name) {
        if (kept.containsKey(name) || !library.has(name)) {
            return;
        }
        var model = library.read(name).orElseThrow();
        var all = new HashMap<MethodKey, MethodModel>();
        model.methods().forEach(method -> all.put(MethodKey.of(method), method));
        var type = new Kept(model, all, new HashSet<>(), new LinkedHashSet<>());
        kept.put(name, type);
        Hierarchy.parents(model).forEach(this::keep);
        all.forEach((key, method) -> {
            if (method.flags().has(AccessFlag.STATIC) && comesWith(type, key)) {
                keep(type, key);
            }
        });
        stands(name);
    }

    /// What a class needs as soon as it is there.
    private static boolean comesWith(Kept type, MethodKey key) {
        return key.isInitializer()
                || key.equals(Messages.GET_DESCRIPTOR)
                || (key.name().equals("values") && Hierarchy.parents(type.model()).contains(ENUM));
    }

    /// From now on there may be objects of a class.
    private void stands(String name) {
        for (var above : hierarchy.upwards(name)) {
            below.computeIfAbsent(above.name(), _ -> new HashSet<>()).add(name);
            var calls = new HashSet<>(virtual.getOrDefault(above.name(), Set.of()));
            if (!above.ofLibrary() && !rest.has(above.name())) {
                calls.addAll(above.declared());
            }
            calls.forEach(method -> found(name, method));
        }
    }

    private void leaveOutEmptyInterfaces() {
        var fields = new HashSet<String>();
        kept.values()
                .forEach(type ->
                        type.model()
                                .fields()
                                .forEach(field -> fields.add(field.fieldType().stringValue())));
        var empty = new HashSet<String>();
        kept.forEach((name, type) -> {
            if (type.model().flags().has(AccessFlag.INTERFACE)
                    && type.methods().isEmpty()
                    && !named.contains(name)
                    && !fields.contains("L" + name + ";")
                    && type.model().findAttribute(Attributes.permittedSubclasses()).isEmpty()) {
                empty.add(name);
            }
        });
        kept.values().forEach(type -> interfaces(type.model(), empty, type.interfaces()));
        kept.keySet().removeAll(empty);
    }

    /// In the place of one that is empty stands what it extends.
    private void interfaces(ClassModel model, Set<String> empty, Set<String> into) {
        for (var entry : model.interfaces()) {
            var name = entry.asInternalName();
            if (empty.contains(name)) {
                interfaces(requireNonNull(kept.get(name)).model(), empty, into);
            } else {
                into.add(name);
            }
        }
    }
}
