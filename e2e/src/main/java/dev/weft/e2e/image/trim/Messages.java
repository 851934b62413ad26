package dev.weft.e2e.image.trim;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;

/// What is particular to messages that protoc has generated.
///
/// Their `getField`, `getAllFields`, `toString` and the like find getters and setters by Java
/// reflection, all of them as soon as one is asked for. A trimmed message has them no more, and
/// protobuf answers with an `IllegalStateException` that names the first that it misses. A program
/// whose messages are trimmed reads them by their getters, or by `DynamicMessage`.
final class Messages {
    private static final String MESSAGE = "com/google/protobuf/GeneratedMessageV3";
    private static final ClassDesc DESCRIPTOR =
            ClassDesc.of("com.google.protobuf.Descriptors$Descriptor");
    private static final MethodTypeDesc GETTER = MethodTypeDesc.of(DESCRIPTOR);

    /// Static; every message has one.
    static final MethodKey GET_DESCRIPTOR =
            new MethodKey("getDescriptor", GETTER.descriptorString());

    private static final Set<String> REFLECTIVE =
            Set.of(
                    "toString",
                    "getAllFields",
                    "getField",
                    "hasField",
                    "getRepeatedField",
                    "getRepeatedFieldCount",
                    "getOneofFieldDescriptor",
                    "hasOneof");

    private Messages() {}

    /// @throws IllegalStateException where a class of the program uses a message in a way that
    ///   needs reflection
    static void refuseReflection(String user, Uses uses, ClassPath library) {
        for (var call : uses.calls()) {
            if (REFLECTIVE.contains(call.method().name()) && isMessage(call.owner(), library)) {
                throw new IllegalStateException(
                        "%s calls %s of the message %s: that is done by reflection, for which the image's trimmed classes have no methods. Use its getters or a DynamicMessage."
                                .formatted(user, call.method().name(), call.owner()));
            }
        }
    }

    private static boolean isMessage(String type, ClassPath library) {
        return library.read(type).filter(Messages::isMessage).isPresent();
    }

    static boolean isMessage(ClassModel model) {
        return Hierarchy.parents(model).contains(MESSAGE);
    }

    /// protobuf looks for a message's descriptor in its table of reflective accessors, and makes
    /// that first. This one does without.
    static void withoutReflection(ClassModel model, ClassBuilder builder) {
        builder.withMethodBody(
                "getDescriptorForType",
                GETTER,
                ClassFile.ACC_PUBLIC,
                code ->
                        code.invokestatic(
                                        model.thisClass().asSymbol(), GET_DESCRIPTOR.name(), GETTER)
                                .areturn());
    }
}
