package dev.weft.e2e.image.trim;

import java.io.IOException;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFile.DebugElementsOption;
import java.lang.classfile.ClassFile.LineNumbersOption;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.FieldModel;
import java.lang.classfile.FieldTransform;
import java.lang.classfile.Interfaces;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.attribute.DeprecatedAttribute;
import java.lang.classfile.attribute.ExceptionsAttribute;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.classfile.attribute.SignatureAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;

/// Writes a library again without what its program cannot reach, and without what only compilers
/// and debuggers read. The same jars give the same bytes.
public final class Trimmer {
    private static final String NOTICE = "META-INF/NOTICE-trimmed.txt";
    private static final String WHY =
            "Classes and methods that this program cannot reach have been taken out, line numbers, and what other files define as options.\n";

    private static final ClassFile WRITER =
            ClassFile.of(
                    ConstantPoolSharingOption.NEW_POOL,
                    DebugElementsOption.DROP_DEBUG,
                    LineNumbersOption.DROP_LINE_NUMBERS);

    private Trimmer() {}

    /// @param library the jar of generated messages that is trimmed
    /// @param rest all other jars of the class path, in order
    /// @param into where the trimmed jar is written
    /// @throws IOException if a jar cannot be read or written
    /// @throws IllegalStateException if the program uses the library's messages by reflection
    public static void trim(Path library, List<Path> rest, Path into) throws IOException {
        try (var all = new ClassPath(List.of(library), DescriptorClass::withoutCustomOptions);
                var program = new ClassPath(rest)) {
            write(library, Reachable.of(all, program), into);
        }
    }

    private static void write(Path library, Map<String, Reachable.Kept> kept, Path into)
            throws IOException {
        try (var from = new JarFile(library.toFile());
                var to = new JarWriter(into)) {
            to.put(NOTICE, WHY.getBytes(StandardCharsets.UTF_8));
            for (var entry : Collections.list(from.entries())) {
                if (!entry.isDirectory() && JarWriter.isNotice(entry.getName())) {
                    to.put(entry.getName(), from.getInputStream(entry).readAllBytes());
                }
            }
            for (var type : kept.entrySet()) {
                to.put(type.getKey() + ".class", trimmed(type.getValue()));
            }
        }
    }

    private static byte[] trimmed(Reachable.Kept type) {
        ClassTransform less =
                (builder, element) -> {
                    switch (element) {
                        case MethodModel method -> {
                            if (type.methods().contains(MethodKey.of(method))) {
                                builder.transformMethod(method, bare());
                            }
                        }
                        case FieldModel field -> builder.transformField(field, bareField());
                        case Interfaces _ ->
                                builder.withInterfaceSymbols(
                                        type.interfaces().stream()
                                                .map(ClassDesc::ofInternalName)
                                                .toList());
                        default -> {
                            if (!isForCompilers(element)) {
                                builder.with(element);
                            }
                        }
                    }
                };
        var more =
                ClassTransform.endHandler(builder -> {
                    if (Messages.isMessage(type.model())) {
                        Messages.withoutReflection(type.model(), builder);
                    }
                });
        return WRITER.transformClass(type.model(), less.andThen(more));
    }

    private static boolean isForCompilers(ClassElement element) {
        return element instanceof SignatureAttribute
                || element instanceof SourceFileAttribute
                || element instanceof InnerClassesAttribute
                || element instanceof DeprecatedAttribute
                || element instanceof RuntimeVisibleAnnotationsAttribute;
    }

    private static MethodTransform bare() {
        return MethodTransform.dropping(element ->
                element instanceof SignatureAttribute
                        || element instanceof ExceptionsAttribute
                        || element instanceof DeprecatedAttribute
                        || element instanceof RuntimeVisibleAnnotationsAttribute);
    }

    private static FieldTransform bareField() {
        return FieldTransform.dropping(element ->
                element instanceof SignatureAttribute
                        || element instanceof DeprecatedAttribute
                        || element instanceof RuntimeVisibleAnnotationsAttribute);
    }
}
