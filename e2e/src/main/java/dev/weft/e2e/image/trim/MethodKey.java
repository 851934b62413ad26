package dev.weft.e2e.image.trim;

import java.lang.classfile.MethodModel;

/// What tells a class's methods from each other.
///
/// @param type the descriptor
record MethodKey(String name, String type) {
    static MethodKey of(MethodModel method) {
        return new MethodKey(method.methodName().stringValue(), method.methodType().stringValue());
    }

    boolean isConstructor() {
        return name.equals("<init>");
    }

    boolean isInitializer() {
        return name.equals("<clinit>");
    }
}
