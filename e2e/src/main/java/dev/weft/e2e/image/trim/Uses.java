package dev.weft.e2e.image.trim;

import java.lang.classfile.BootstrapMethodEntry;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.ConstantDynamicEntry;
import java.lang.classfile.constantpool.ConstantPool;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.constantpool.MethodHandleEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/// What a method needs: what it calls, and the classes that it names.
///
/// @param calls methods, by the class that the code names, which may have inherited them
/// @param classes in instructions and descriptors; arrays by their elements
record Uses(Set<Call> calls, Set<String> classes) {
    /// A method by the class whose name the code gives.
    ///
    /// @param virtual whether the class of an object decides which method of that name is run
    record Call(String owner, MethodKey method, boolean virtual) {}

    static Uses of(MethodModel method) {
        var uses = new Uses(new LinkedHashSet<>(), new LinkedHashSet<>());
        uses.descriptor(method.methodType().stringValue());
        method.code().ifPresent(code -> uses.code(code, method.parent()));
        return uses;
    }

    /// Whether any class of a constant pool is one of these: a quick look before a long one.
    static boolean any(ConstantPool pool, ClassPath of) {
        for (PoolEntry entry : pool) {
            if (entry instanceof ClassEntry named && of.has(element(named.asInternalName()))) {
                return true;
            }
        }
        return false;
    }

    private void code(CodeModel code, Optional<ClassModel> type) {
        for (var element : code) {
            switch (element) {
                case InvokeInstruction call ->
                        call(
                                call.owner(),
                                call.name().stringValue(),
                                call.type().stringValue(),
                                isVirtual(call, type));
                case InvokeDynamicInstruction call -> dynamic(call);
                case FieldInstruction field -> {
                    named(field.owner());
                    descriptor(field.type().stringValue());
                }
                case TypeCheckInstruction check -> named(check.type());
                case NewObjectInstruction made -> named(made.className());
                case NewReferenceArrayInstruction made -> named(made.componentType());
                case NewMultiArrayInstruction made -> named(made.arrayType());
                case LoadConstantInstruction load -> constant(load.constantEntry());
                default -> {}
            }
        }
        code.exceptionHandlers().forEach(handler -> handler.catchType().ifPresent(this::named));
    }

    /// What is called above a class is in the parent that the code names, or above that. An older
    /// compiler may name one further up, and mean what stands between as well.
    private static boolean isVirtual(InvokeInstruction call, Optional<ClassModel> type) {
        return switch (call.opcode()) {
            case INVOKESTATIC -> false;
            case INVOKESPECIAL ->
                    !call.name().equalsString("<init>")
                            && type.filter(from -> isOwnOrAbove(call.owner(), from)).isEmpty();
            default -> true;
        };
    }

    private static boolean isOwnOrAbove(ClassEntry owner, ClassModel type) {
        return owner.asSymbol().equals(type.thisClass().asSymbol())
                || Hierarchy.parents(type).contains(owner.asInternalName());
    }

    private void call(ClassEntry owner, String name, String type, boolean virtual) {
        named(owner);
        descriptor(type);
        calls.add(new Call(owner.asInternalName(), new MethodKey(name, type), virtual));
    }

    private void dynamic(InvokeDynamicInstruction call) {
        descriptor(call.type().stringValue());
        bootstrap(call.invokedynamic().bootstrap());
    }

    private void bootstrap(BootstrapMethodEntry bootstrap) {
        constant(bootstrap.bootstrapMethod());
        bootstrap.arguments().forEach(this::constant);
    }

    private void constant(LoadableConstantEntry constant) {
        switch (constant) {
            case ClassEntry entry -> named(entry);
            case MethodHandleEntry handle -> {
                var to = handle.reference();
                call(to.owner(), to.name().stringValue(), to.type().stringValue(), true);
            }
            case MethodTypeEntry type -> descriptor(type.descriptor().stringValue());
            case ConstantDynamicEntry made -> {
                descriptor(made.type().stringValue());
                bootstrap(made.bootstrap());
            }
            default -> {}
        }
    }

    private void named(ClassEntry entry) {
        classes.add(element(entry.asInternalName()));
    }

    private void descriptor(String type) {
        for (int from = type.indexOf('L'); from >= 0; ) {
            int end = type.indexOf(';', from);
            classes.add(type.substring(from + 1, end));
            from = type.indexOf('L', end);
        }
    }

    /// A class, or what an array is of.
    private static String element(String name) {
        int brackets = name.lastIndexOf('[') + 1;
        return brackets > 0 && name.endsWith(";")
                ? name.substring(brackets + 1, name.length() - 1)
                : name;
    }
}
