package dev.weft.e2e.image.trim;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFile.DebugElementsOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.FieldModel;
import java.lang.classfile.FieldTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.attribute.DeprecatedAttribute;
import java.lang.classfile.attribute.MethodParametersAttribute;
import java.lang.classfile.attribute.RuntimeInvisibleAnnotationsAttribute;
import java.lang.classfile.attribute.RuntimeInvisibleParameterAnnotationsAttribute;
import java.lang.classfile.attribute.RuntimeInvisibleTypeAnnotationsAttribute;
import java.lang.classfile.attribute.SourceDebugExtensionAttribute;
import java.lang.classfile.attribute.StackMapTableAttribute;

/// Takes out of a class what only compilers, debuggers and other tools read: names and types of
/// local variables and parameters, and annotations that cannot be seen at run time. The names leave
/// the constant pool as well, of which a JVM makes a symbol each.
///
/// What a program can ask for stays, and so do the numbers of lines, for stack traces.
final class DebugInfo {
    /// No stack maps are made: that would need classes of optional dependencies, which are not
    /// there. The code is the same, and so are its stack maps.
    private static final ClassFile WRITER =
            ClassFile.of(
                    ConstantPoolSharingOption.NEW_POOL,
                    DebugElementsOption.DROP_DEBUG,
                    StackMapsOption.DROP_STACK_MAPS);

    private DebugInfo() {}

    /// The same class, as a program sees it.
    static byte[] without(byte[] classFile) {
        return WRITER.transformClass(
                WRITER.parse(classFile),
                (builder, element) -> {
                    switch (element) {
                        case MethodModel method -> builder.transformMethod(method, less(method));
                        case FieldModel field ->
                                builder.transformField(
                                        field, FieldTransform.dropping(DebugInfo::isForTools));
                        default -> {
                            if (!isForTools(element)) {
                                builder.with(element);
                            }
                        }
                    }
                });
    }

    private static MethodTransform less(MethodModel method) {
        var less = MethodTransform.dropping(DebugInfo::isForTools);
        return method.code()
                .map(code -> less.andThen(MethodTransform.transformingCode(less(code))))
                .orElse(less);
    }

    private static CodeTransform less(CodeModel code) {
        var stackMaps = code.findAttribute(Attributes.stackMapTable());
        // Their labels are made when they are read: before the code, whose labels they are.
        stackMaps.ifPresent(StackMapTableAttribute::entries);
        CodeTransform less =
                (builder, element) -> {
                    if (!isForTools(element) && !(element instanceof StackMapTableAttribute)) {
                        builder.with(element);
                    }
                };
        return less.andThen(
                CodeTransform.endHandler(builder ->
                        stackMaps.ifPresent(
                                maps -> builder.with(StackMapTableAttribute.of(maps.entries())))));
    }

    private static boolean isForTools(ClassFileElement element) {
        return element instanceof MethodParametersAttribute
                || element instanceof DeprecatedAttribute
                || element instanceof SourceDebugExtensionAttribute
                || element instanceof RuntimeInvisibleAnnotationsAttribute
                || element instanceof RuntimeInvisibleParameterAnnotationsAttribute
                || element instanceof RuntimeInvisibleTypeAnnotationsAttribute;
    }
}
