package dev.weft.proxy.config;

import com.google.protobuf.Descriptors.FieldDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.DirectMethodHandleDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/// Which getters of Envoy's messages the proxy's code calls, by its bytecode. What reads the
/// bootstrap has rules of its own, and is not looked at.
final class GettersCalled {
    private static final Path CLASSES = Path.of("target/classes/dev/weft/proxy");
    private static final String UNPACK = "dev/weft/proxy/config/Unpack";
    private static final Set<String> VALUES =
            Set.of("", "List", "Count", "Map", "Value", "OrDefault", "OrThrow", "Bytes");

    private final Set<String> calls = new HashSet<>();
    private final Set<String> unpacked = new TreeSet<>();

    private GettersCalled() {}

    static GettersCalled ofProxy() {
        var called = new GettersCalled();
        try (var files = Files.walk(CLASSES)) {
            for (var file : files.filter(GettersCalled::isRead).toList()) {
                called.look(ClassFile.of().parse(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return called;
    }

    /// Whether anything tells the field from others: its getters, or for one that holds an empty
    /// message the case of its `oneof`.
    boolean heeds(FieldDescriptor field) {
        var oneof = field.getRealContainingOneof();
        return reads(field)
                || (oneof != null
                        && isEmpty(field)
                        && calls.contains(owner(field) + ".get" + camel(oneof.getName()) + "Case"));
    }

    /// Whether any of its getters is called.
    boolean reads(FieldDescriptor field) {
        var owner = owner(field);
        var name = camel(field.getName());
        return calls.contains(owner + ".has" + name)
                || calls.contains(owner + ".contains" + name)
                || VALUES.stream().anyMatch(as -> calls.contains(owner + ".get" + name + as));
    }

    /// The types that are taken out of an `Any`, by their messages' names.
    Set<String> unpacked() {
        return unpacked;
    }

    private static boolean isRead(Path file) {
        return file.toString().endsWith(".class") && !file.startsWith(CLASSES.resolve("bootstrap"));
    }

    private void look(ClassModel type) {
        type.methods().forEach(method -> method.code().ifPresent(this::look));
    }

    private void look(CodeModel code) {
        var before = "";
        for (var element : code) {
            switch (element) {
                case InvokeInstruction call -> {
                    var owner = call.owner().asInternalName();
                    calls.add(owner + "." + call.name().stringValue());
                    if (owner.equals(UNPACK)
                            && call.name().equalsString("any")
                            && !before.isEmpty()) {
                        unpacked.add(before);
                    }
                    before =
                            call.name().equalsString("getDefaultInstance")
                                    ? messageName(owner)
                                    : "";
                }
                case InvokeDynamicInstruction dynamic ->
                        dynamic.bootstrapArgs()
                                .forEach(argument -> {
                                    if (argument instanceof DirectMethodHandleDesc method) {
                                        var owner = method.owner().descriptorString();
                                        calls.add(
                                                owner.substring(1, owner.length() - 1)
                                                        + "."
                                                        + method.methodName());
                                    }
                                });
                default -> {}
            }
        }
    }

    private static String owner(FieldDescriptor field) {
        return MessageTypes.className(field.getContainingType().getFullName()).replace('.', '/');
    }

    private static String messageName(String owner) {
        return owner.replaceFirst("^io/envoyproxy/", "").replace('/', '.').replace('$', '.');
    }

    private static boolean isEmpty(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && field.getMessageType().getFields().isEmpty();
    }

    /// As protoc makes them: what follows an underscore or a digit is upper case.
    private static String camel(String name) {
        var result = new StringBuilder();
        var upper = true;
        for (var letter : name.toCharArray()) {
            if (letter == '_') {
                upper = true;
                continue;
            }
            result.append(upper ? Character.toUpperCase(letter) : letter);
            upper = Character.isDigit(letter);
        }
        return result.toString();
    }
}
