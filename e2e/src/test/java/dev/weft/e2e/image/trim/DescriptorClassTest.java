package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Classes of files as protoc writes them: `thing.proto` uses a message of `part.proto`, and marks
/// its field by an option that `marks.proto` defines.
class DescriptorClassTest {
    private static final int MARK = 50_001;

    /// They have protobuf.
    private static final ClassLoader TESTS = DescriptorClassTest.class.getClassLoader();

    private static final FileDescriptorProto MARKS =
            FileDescriptorProto.newBuilder()
                    .setName("marks.proto")
                    .setPackage("lib")
                    .addDependency("google/protobuf/descriptor.proto")
                    .addExtension(
                            field("mark", 1, Type.TYPE_STRING)
                                    .setNumber(MARK)
                                    .setExtendee(".google.protobuf.FieldOptions"))
                    .build();
    private static final FileDescriptorProto PART =
            FileDescriptorProto.newBuilder()
                    .setName("part.proto")
                    .setPackage("lib")
                    .addMessageType(DescriptorProto.newBuilder().setName("Part"))
                    .build();
    private static final FileDescriptorProto THING =
            FileDescriptorProto.newBuilder()
                    .setName("thing.proto")
                    .setPackage("lib")
                    .addDependency("marks.proto")
                    .addDependency("part.proto")
                    .addMessageType(
                            DescriptorProto.newBuilder()
                                    .setName("Thing")
                                    .addField(
                                            field("part", 1, Type.TYPE_MESSAGE)
                                                    .setTypeName(".lib.Part")
                                                    .setOptions(marked().setDeprecated(true)))
                                    .addField(
                                            field("name", 2, Type.TYPE_STRING)
                                                    .setOptions(marked())))
                    .build();

    @TempDir private Path folder;

    @Test
    void options_that_other_files_define_are_gone_and_the_rest_is_as_it_was() throws Exception {
        var fields = thing(trimmed(THING)).getMessageTypes().getFirst().toProto().getFieldList();

        assertThat(fields)
                .containsExactly(
                        field("part", 1, Type.TYPE_MESSAGE)
                                .setTypeName(".lib.Part")
                                .setOptions(FieldOptions.newBuilder().setDeprecated(true))
                                .build(),
                        field("name", 2, Type.TYPE_STRING).build());
    }

    @Test
    void a_file_whose_messages_are_used_stays_and_one_of_options_goes() throws Exception {
        var trimmed = trimmed(THING);

        assertThat(
                        thing(trimmed)
                                .getMessageTypes()
                                .getFirst()
                                .findFieldByName("part")
                                .getMessageType())
                .returns("lib.Part", type -> type.getFullName())
                .returns("part.proto", type -> type.getFile().getName());
        try (var loader = SourceJars.loader(trimmed, TESTS)) {
            assertThat(loader.getResource("lib/Marks.class")).isNull();
        }
    }

    @Test
    void a_file_that_is_imported_for_others_stays() throws Exception {
        var trimmed = trimmed(THING.toBuilder().addPublicDependency(0).build());

        assertThat(thing(trimmed).getPublicDependencies())
                .extracting(FileDescriptor::getName)
                .containsExactly("marks.proto");
    }

    private static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setType(type)
                .setLabel(Label.LABEL_OPTIONAL);
    }

    /// As a parser sees them that knows no extension.
    private static FieldOptions.Builder marked() {
        var value = ByteString.copyFromUtf8("\u00fcber \u0000 all");
        return FieldOptions.newBuilder()
                .setUnknownFields(
                        UnknownFieldSet.newBuilder()
                                .addField(
                                        MARK,
                                        UnknownFieldSet.Field.newBuilder()
                                                .addLengthDelimited(value)
                                                .build())
                                .build());
    }

    private Path trimmed(FileDescriptorProto thing) throws IOException {
        var sources = new LinkedHashMap<String, String>();
        sources.put(
                "lib/Marks",
                source(
                        "Marks",
                        MARKS,
                        "com.google.protobuf.DescriptorProtos.getDescriptor()",
                        """
                        public static final com.google.protobuf.GeneratedMessage.GeneratedExtension<
                                com.google.protobuf.DescriptorProtos.FieldOptions, String> mark =
                            com.google.protobuf.GeneratedMessage.newFileScopedGeneratedExtension(
                                String.class, null);
                        """,
                        "mark.internalInit(descriptor.getExtensions().get(0));"));
        sources.put("lib/Parts", source("Parts", PART, "", "", ""));
        sources.put(
                "lib/Things",
                source(
                        "Things",
                        thing,
                        "Marks.getDescriptor(), Parts.getDescriptor()",
                        "",
                        """
                        com.google.protobuf.ExtensionRegistry registry =
                            com.google.protobuf.ExtensionRegistry.newInstance();
                        registry.add(Marks.mark);
                        com.google.protobuf.Descriptors.FileDescriptor
                            .internalUpdateFileDescriptor(descriptor, registry);
                        Marks.getDescriptor();
                        Parts.getDescriptor();
                        """));
        sources.put(
                "app/Program",
                """
                package app;
                public class Program implements java.util.concurrent.Callable<Object> {
                    public Object call() { return lib.Things.getDescriptor(); }
                }
                """);
        return SourceJars.trimmed(folder, sources);
    }

    private static String source(
            String name,
            FileDescriptorProto file,
            String dependencies,
            String members,
            String initializer) {
        return """
        package lib;
        public final class %s {
            private static com.google.protobuf.Descriptors.FileDescriptor descriptor;
            %s
            public static com.google.protobuf.Descriptors.FileDescriptor getDescriptor() {
                return descriptor;
            }
            static {
                String[] data = { %s };
                descriptor = com.google.protobuf.Descriptors.FileDescriptor
                    .internalBuildGeneratedFileFrom(
                        data, new com.google.protobuf.Descriptors.FileDescriptor[] { %s });
                %s
            }
        }
        """
                .formatted(name, members, literals(file), dependencies, initializer);
    }

    /// In parts, as protoc does it with long files.
    private static String literals(FileDescriptorProto file) {
        var text = new String(file.toByteArray(), StandardCharsets.ISO_8859_1);
        var middle = text.length() / 2;
        return List.of(text.substring(0, middle), text.substring(middle)).stream()
                .map(DescriptorClassTest::literal)
                .collect(Collectors.joining(", "));
    }

    private static String literal(String text) {
        return text.chars()
                .mapToObj("\\%03o"::formatted)
                .collect(Collectors.joining("", "\"", "\""));
    }

    private static FileDescriptor thing(Path trimmed) throws Exception {
        return (FileDescriptor) SourceJars.result(trimmed, TESTS);
    }
}
