package dev.weft.e2e.image.trim;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What of a library the rest of a program can reach, found by a walk through all code: a class by
/// its name in an instruction or a descriptor, a method by a call to it or to what it overrides. A
/// method that overrides one from outside of the library is kept with its class.
///
/// What is only reached by Java reflection is not found. For protobuf's, which asks for all getters
/// and setters of a message by name, see [Messages].
final class Reachable {
    private static final String ENUM = "java/lang/Enum";

    /// A class and what is kept of its methods.
    record Kept(ClassModel model, Map<MethodKey, MethodModel> all, Set<MethodKey> methods) {}

    private final ClassPath library;
    private final ClassPath rest;
    private final Hierarchy hierarchy;
    private final Map<String, Kept> kept = new TreeMap<>();
    private final Map<String, Set<String>> below = new HashMap<>();
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
        return walk.kept;
    }

    private void begin() {
        for (var name : rest.names()) {
            var model = rest.read(name).orElseThrow();
            if (!Uses.any(model.constantPool(), library)) {
                continue;
            }
            Hierarchy.parents(model).forEach(this::keep);
            for (var method : model.methods()) {
                var uses = Uses.of(method);
                Messages.refuseReflection(name, uses, library);
                follow(uses);
            }
        }
    }

    private void follow(Uses uses) {
        uses.classes().forEach(this::keep);
        uses.calls().forEach(this::call);
    }

    private void call(Uses.Call call) {
        for (var type : hierarchy.upwards(call.owner())) {
            keepIn(type.name(), call.method());
        }
        if (!call.method().isConstructor()) {
            below.getOrDefault(call.owner(), Set.of()).stream()
                    .toList()
                    .forEach(name -> keepIn(name, call.method()));
        }
    }

    private void keepIn(String name, MethodKey method) {
        keep(name);
        var type = kept.get(name);
        if (type != null) {
            keep(type, method);
        }
    }

    private void keep(Kept type, MethodKey method) {
        var code = type.all().get(method);
        if (code != null && type.methods().add(method)) {
            unseen.add(code);
        }
    }

    private void keep(String name) {
        if (kept.containsKey(name) || !library.has(name)) {
            return;
        }
        var model = library.read(name).orElseThrow();
        var all = new HashMap<MethodKey, MethodModel>();
        model.methods().forEach(method -> all.put(MethodKey.of(method), method));
        var type = new Kept(model, all, new HashSet<>());
        kept.put(name, type);
        Hierarchy.parents(model).forEach(this::keep);
        for (var above : hierarchy.upwards(name)) {
            if (above.ofLibrary() && !above.name().equals(name)) {
                below.computeIfAbsent(above.name(), _ -> new HashSet<>()).add(name);
            }
        }
        all.forEach((key, method) -> {
            if (comesWith(type, name, key, method)) {
                keep(type, key);
            }
        });
    }

    /// What a class needs as soon as it is there.
    private boolean comesWith(Kept type, String name, MethodKey key, MethodModel method) {
        if (method.flags().has(AccessFlag.STATIC)) {
            return key.isInitializer()
                    || key.equals(Messages.GET_DESCRIPTOR)
                    || (key.name().equals("values")
                            && Hierarchy.parents(type.model()).contains(ENUM));
        }
        return !key.isConstructor()
                && hierarchy.upwards(name).stream()
                        .filter(above -> !above.name().equals(name))
                        .anyMatch(above -> isWanted(above, key));
    }

    private boolean isWanted(Hierarchy.Type above, MethodKey key) {
        return above.ofLibrary()
                ? kept.containsKey(above.name()) && kept.get(above.name()).methods().contains(key)
                : above.declared().contains(key);
    }
}
