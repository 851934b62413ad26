package dev.weft.e2e.image.trim;

import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.ConstantPool;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.constantpool.MethodHandleEntry;
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
import java.util.Set;

/// What a method needs: what it calls, and the classes that it names.
///
/// @param calls methods, by the class that the code names, which may have inherited them
/// @param classes in instructions and descriptors; arrays by their elements
record Uses(Set<Call> calls, Set<String> classes) {
    /// A method by the class whose name the code gives.
    record Call(String owner, MethodKey method) {}

    static Uses of(MethodModel method) {
        var uses = new Uses(new LinkedHashSet<>(), new LinkedHashSet<>());
        uses.descriptor(method.methodType().stringValue());
        method.code().ifPresent(uses::code);
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

    private void code(CodeModel code) {
        for (var element : code) {
            switch (element) {
                case InvokeInstruction call ->
                        call(call.owner(), call.name().stringValue(), call.type().stringValue());
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

    private void call(ClassEntry owner, String name, String type) {
        named(owner);
        descriptor(type);
        calls.add(new Call(owner.asInternalName(), new MethodKey(name, type)));
    }

    private void dynamic(InvokeDynamicInstruction call) {
        descriptor(call.type().stringValue());
        call.invokedynamic().bootstrap().arguments().forEach(this::constant);
    }

    private void constant(LoadableConstantEntry constant) {
        switch (constant) {
            case ClassEntry entry -> named(entry);
            case MethodHandleEntry handle -> {
                var to = handle.reference();
                call(to.owner(), to.name().stringValue(), to.type().stringValue());
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
