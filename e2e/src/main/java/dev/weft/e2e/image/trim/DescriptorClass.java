package dev.weft.e2e.image.trim;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.Function;

/// The class that protoc generates for a file. Its initializer makes the file's descriptor out of
/// its bytes, and then writes and reads it again for the options that other files define: rules of
/// validation, marks of versions. No program asks for them that runs in the image, so here it is
/// made once, without them, and without the files that define nothing else.
final class DescriptorClass {
    private static final String PROTOBUF = "com/google/protobuf/";
    private static final String FILE = PROTOBUF + "Descriptors$FileDescriptor";
    private static final String FILE_TYPE = "L" + FILE + ";";
    private static final String EXTENSION_TYPE =
            "L" + PROTOBUF + "GeneratedMessage$GeneratedExtension;";
    private static final MethodKey GET_FILE = new MethodKey("getDescriptor", "()" + FILE_TYPE);

    /// Every file needs it, though it does not say so.
    private static final ClassDesc ALWAYS_THERE =
            ClassDesc.ofInternalName(PROTOBUF + "DescriptorProtos");

    private final ClassModel model;
    private final Function<String, Optional<ClassModel>> library;
    private final List<String> parts;
    private final FileDescriptorProto file;

    private DescriptorClass(
            ClassModel model, Function<String, Optional<ClassModel>> library, List<String> parts) {
        this.model = model;
        this.library = library;
        this.parts = parts;
        this.file = parse(parts);
    }

    /// @param library the classes of which the model is one
    /// @return the model itself, if it is no class of a file
    static ClassModel withoutCustomOptions(
            ClassModel model, Function<String, Optional<ClassModel>> library) {
        return parts(model)
                .map(parts -> new DescriptorClass(model, library, parts).rewritten())
                .orElse(model);
    }

    /// The file's bytes, each as a character; nothing for a class of another kind.
    private static Optional<List<String>> parts(ClassModel model) {
        if (model.fields().stream()
                .noneMatch(field ->
                        field.fieldName().equalsString("descriptor")
                                && field.fieldType().equalsString(FILE_TYPE))) {
            return Optional.empty();
        }
        return model.methods().stream()
                .filter(method -> MethodKey.of(method).isInitializer())
                .findFirst()
                .flatMap(method -> method.code())
                .map(DescriptorClass::parts);
    }

    /// All strings before the array of dependencies.
    private static List<String> parts(CodeModel code) {
        var parts = new ArrayList<String>();
        for (var element : code) {
            if (beginsDependencies(element)) {
                return parts;
            }
            if (element instanceof LoadConstantInstruction load
                    && load.constantValue() instanceof String part) {
                parts.add(part);
            }
        }
        return List.of();
    }

    private static boolean beginsDependencies(CodeElement element) {
        return element instanceof NewReferenceArrayInstruction array
                && array.componentType().asInternalName().equals(FILE);
    }

    private static FileDescriptorProto parse(List<String> parts) {
        try {
            return FileDescriptorProto.parseFrom(
                    String.join("", parts).getBytes(StandardCharsets.ISO_8859_1));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("not a file's descriptor", e);
        }
    }

    private ClassModel rewritten() {
        var code = CodeTransform.ofStateful(Rewriting::new);
        var transform =
                ClassTransform.transformingMethodBodies(
                        method -> MethodKey.of(method).isInitializer(), code);
        return ClassFile.of().parse(ClassFile.of().transformClass(model, transform));
    }

    /// One walk through the initializer.
    private final class Rewriting implements CodeTransform {
        private final Queue<String> plainParts = split(plain(file), parts);

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            switch (element) {
                case LoadConstantInstruction load
                        when load.constantValue() instanceof String && !plainParts.isEmpty() ->
                        code.loadConstant(plainParts.remove());
                case FieldInstruction field when isOthersExtension(field) -> code.aconst_null();
                case InvokeInstruction call when isAboutExtensions(call) -> code.pop2();
                case InvokeInstruction call when isUnusedDependency(call) ->
                        code.invokestatic(
                                ALWAYS_THERE,
                                GET_FILE.name(),
                                MethodTypeDesc.ofDescriptor(GET_FILE.type()));
                default -> code.with(element);
            }
        }
    }

    private boolean isOthersExtension(FieldInstruction field) {
        return field.type().equalsString(EXTENSION_TYPE)
                && !field.owner().asInternalName().equals(model.thisClass().asInternalName());
    }

    /// Both take two arguments and give nothing: what is registered, and the descriptor made again.
    private static boolean isAboutExtensions(InvokeInstruction call) {
        return (call.name().equalsString("add")
                        && call.owner().asInternalName().equals(PROTOBUF + "ExtensionRegistry"))
                || (call.name().equalsString("internalUpdateFileDescriptor")
                        && call.owner().asInternalName().equals(FILE));
    }

    private boolean isUnusedDependency(InvokeInstruction call) {
        return new MethodKey(call.name().stringValue(), call.type().stringValue()).equals(GET_FILE)
                && library.apply(call.owner().asInternalName())
                        .flatMap(DescriptorClass::parts)
                        .map(DescriptorClass::parse)
                        .filter(this::usesNothingOf)
                        .isPresent();
    }

    private boolean usesNothingOf(FileDescriptorProto other) {
        if (other.getName().equals(file.getName())
                || other.getPublicDependencyCount() > 0
                || file.getPublicDependencyList().stream()
                        .anyMatch(index -> file.getDependency(index).equals(other.getName()))) {
            return false;
        }
        var used = new HashSet<String>();
        file.getMessageTypeList().forEach(message -> uses(message, used));
        file.getExtensionList().forEach(field -> uses(field, used));
        for (var service : file.getServiceList()) {
            service.getMethodList()
                    .forEach(method -> {
                        used.add(method.getInputType());
                        used.add(method.getOutputType());
                    });
        }
        used.retainAll(declared(other));
        return used.isEmpty();
    }

    private static void uses(DescriptorProto message, Set<String> used) {
        message.getFieldList().forEach(field -> uses(field, used));
        message.getExtensionList().forEach(field -> uses(field, used));
        message.getNestedTypeList().forEach(nested -> uses(nested, used));
    }

    private static void uses(FieldDescriptorProto field, Set<String> used) {
        used.add(field.getTypeName());
        used.add(field.getExtendee());
    }

    /// Full names, as fields give them: with a dot in front.
    private static Set<String> declared(FileDescriptorProto file) {
        var names = new HashSet<String>();
        var prefix = file.getPackage().isEmpty() ? "." : "." + file.getPackage() + ".";
        file.getMessageTypeList().forEach(message -> declared(prefix, message, names));
        declared(prefix, file.getEnumTypeList(), names);
        return names;
    }

    private static void declared(String prefix, DescriptorProto message, Set<String> names) {
        var name = prefix + message.getName();
        names.add(name);
        message.getNestedTypeList().forEach(nested -> declared(name + ".", nested, names));
        declared(name + ".", message.getEnumTypeList(), names);
    }

    private static void declared(
            String prefix, List<EnumDescriptorProto> enums, Set<String> names) {
        enums.forEach(type -> names.add(prefix + type.getName()));
    }

    /// Nobody has said what custom options are: to a parser they are unknown fields.
    private static Message plain(Message message) {
        var builder = message.toBuilder();
        builder.setUnknownFields(UnknownFieldSet.getDefaultInstance());
        message.getAllFields()
                .forEach((field, value) -> {
                    if (value instanceof Message part) {
                        var plain = plain(part);
                        if (plain.getSerializedSize() == 0) {
                            builder.clearField(field);
                        } else {
                            builder.setField(field, plain);
                        }
                    } else if (value instanceof List<?> list
                            && field.getJavaType() == JavaType.MESSAGE) {
                        builder.setField(
                                field, list.stream().map(part -> plain((Message) part)).toList());
                    }
                });
        return builder.build();
    }

    /// Into as many strings, none longer than the one in its place: their length is limited.
    private static Queue<String> split(Message file, List<String> before) {
        var left = new String(file.toByteArray(), StandardCharsets.ISO_8859_1);
        var parts = new ArrayDeque<String>();
        for (var part : before) {
            var length = Math.min(part.length(), left.length());
            parts.add(left.substring(0, length));
            left = left.substring(length);
        }
        return parts;
    }
}
