package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A small library and a small program.
class TrimmerTest {
    private static final Map<String, String> LIBRARY =
            Map.of(
                    "lib/Shape",
                    "package lib; public interface Shape { int area(); int corners(); }",
                    "lib/Square",
                    """
                    package lib;
                    public class Square implements Shape, Comparable<Square> {
                        private final int side;
                        public Square(int side) { this.side = side; }
                        @Override public int area() { return side * side; }
                        @Override public int corners() { return 4; }
                        @Override public int compareTo(Square other) { return side - other.side; }
                        public Square doubled() { return new Square(2 * side); }
                        public Tint tint() { return Tint.RED; }
                        public static Square unit() { return Hidden.make(); }
                    }
                    """,
                    "lib/Hidden",
                    "package lib; class Hidden { static Square make() { return new Square(1); } }",
                    "lib/Unused",
                    "package lib; public class Unused { public static Square any() { return Square.unit(); } }",
                    "lib/Tint",
                    "package lib; public enum Tint { RED, BLUE; public Tint other() { return this == RED ? BLUE : RED; } }");

    @TempDir private Path folder;

    @Test
    void what_is_called_works_and_the_rest_is_gone() throws Exception {
        var trimmed =
                trimmed(
                        """
                        lib.Shape shape = new lib.Square(3);
                        return shape.area();
                        """);

        assertThat(result(trimmed)).isEqualTo(9);
        assertThat(methods(trimmed, "lib.Square"))
                .contains("area")
                .doesNotContain("corners", "doubled", "unit");
        assertThat(has(trimmed, "lib.Unused")).isFalse();
        assertThat(has(trimmed, "lib.Hidden")).isFalse();
    }

    @Test
    void what_overrides_a_method_from_outside_stays() throws Exception {
        var trimmed =
                trimmed(
                        "return java.util.Collections.max(java.util.List.of(new lib.Square(1), new lib.Square(2))).area();");

        assertThat(result(trimmed)).isEqualTo(4);
        assertThat(methods(trimmed, "lib.Square")).contains("compareTo");
    }

    @Test
    void an_interface_of_which_nothing_is_called_is_gone() throws Exception {
        var trimmed = trimmed("return new lib.Square(3).area();");

        assertThat(result(trimmed)).isEqualTo(9);
        assertThat(has(trimmed, "lib.Shape")).isFalse();
    }

    @Test
    void in_its_place_stands_what_it_extends() throws Exception {
        var library =
                Map.of(
                        "lib/Named",
                        "package lib; interface Named extends java.util.function.IntSupplier { String name(); }",
                        "lib/Seven",
                        """
                        package lib;
                        public class Seven implements Named {
                            @Override public String name() { return "seven"; }
                            @Override public int getAsInt() { return 7; }
                        }
                        """);

        var trimmed =
                trimmed(
                        library,
                        "java.util.function.IntSupplier seven = new lib.Seven(); return seven.getAsInt();");

        assertThat(result(trimmed)).isEqualTo(7);
        assertThat(has(trimmed, "lib.Named")).isFalse();
    }

    @Test
    void an_interface_that_code_names_stays() throws Exception {
        var trimmed =
                trimmed(
                        "Object square = new lib.Square(3); return square instanceof lib.Shape ? 7 : 0;");

        assertThat(result(trimmed)).isEqualTo(7);
    }

    @Test
    void a_call_through_an_interface_finds_what_a_class_inherits() throws Exception {
        var library =
                Map.of(
                        "lib/Area",
                        "package lib; public interface Area { int area(); default int twice() { return 2 * area(); } }",
                        "lib/Base",
                        "package lib; public class Base { public int area() { return 3; } public int other() { return 4; } }",
                        "lib/Derived",
                        "package lib; public class Derived extends Base implements Area {}");

        var trimmed =
                trimmed(
                        library,
                        "lib.Area area = new lib.Derived(); return area.twice() + area.area();");

        assertThat(result(trimmed)).isEqualTo(9);
        assertThat(methods(trimmed, "lib.Base")).contains("area").doesNotContain("other");
    }

    @Test
    void a_call_of_a_class_is_none_of_others_with_that_method() throws Exception {
        var library =
                Map.of(
                        "lib/Area",
                        "package lib; public interface Area { int area(); }",
                        "lib/One",
                        "package lib; public class One implements Area { @Override public int area() { return 1; } }",
                        "lib/Two",
                        "package lib; public class Two implements Area { @Override public int area() { return 2; } }");

        var trimmed = trimmed(library, "new lib.Two(); return new lib.One().area();");

        assertThat(result(trimmed)).isEqualTo(1);
        assertThat(methods(trimmed, "lib.Two")).doesNotContain("area");
    }

    @Test
    void what_overrides_a_method_of_the_program_stays_if_the_program_calls_it() throws Exception {
        var trimmed =
                trimmed(
                        Map.of(
                                "lib/Late",
                                """
                                package lib;
                                public class Late extends com.google.protobuf.Outside {
                                    @Override public int called() { return 7; }
                                    @Override public int uncalled() { return super.uncalled(); }
                                }
                                """),
                        "return new lib.Late().run();");

        assertThat(result(trimmed)).isEqualTo(7);
        assertThat(methods(trimmed, "lib.Late")).containsExactly("called");
    }

    @Test
    void what_a_class_of_the_program_inherits_stays_for_calls_of_the_program() throws Exception {
        var trimmed =
                trimmed(
                        Map.of(
                                "lib/Middle",
                                """
                                package lib;
                                public class Middle extends com.google.protobuf.Outside {
                                    @Override public int called() { return 7; }
                                }
                                """),
                        "class Last extends lib.Middle {} com.google.protobuf.Outside last = new Last(); return last.run();");

        assertThat(result(trimmed)).isEqualTo(7);
    }

    @Test
    void a_method_that_is_only_handed_on_stays_with_all_that_it_needs() throws Exception {
        var trimmed =
                trimmed(
                        """
                        java.util.function.Supplier<lib.Square> made = lib.Square::unit;
                        return made.get().area();
                        """);

        assertThat(result(trimmed)).isEqualTo(1);
        assertThat(has(trimmed, "lib.Hidden")).isTrue();
    }

    @Test
    void an_enum_keeps_what_the_jdk_asks_it_for() throws Exception {
        var trimmed =
                trimmed(
                        "return java.util.EnumSet.allOf(lib.Tint.class).size() + lib.Tint.valueOf(\"BLUE\").ordinal();");

        assertThat(result(trimmed)).isEqualTo(3);
        assertThat(methods(trimmed, "lib.Tint")).doesNotContain("other");
    }

    @Test
    void the_same_jars_give_the_same_bytes() throws Exception {
        var once = Files.readAllBytes(trimmed("return new lib.Square(3).area();"));

        assertThat(Files.readAllBytes(trimmed("return new lib.Square(3).area();"))).isEqualTo(once);
    }

    @Test
    void a_message_of_protobuf_knows_its_descriptor_without_reflection() throws Exception {
        var trimmed =
                trimmed(messages(), "return new lib.Msg().getDescriptorForType() == null ? 0 : 7;");

        assertThat(result(trimmed)).isEqualTo(7);
    }

    @Test
    void a_program_that_reads_a_message_by_reflection_is_refused() {
        assertThatThrownBy(() ->
                        trimmed(messages(), "return new lib.Msg().getAllFields().hashCode();"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("app/Program calls getAllFields of the message lib/Msg");
    }

    private static Map<String, String> messages() {
        return Map.of(
                "lib/Msg",
                """
                package lib;
                public final class Msg extends com.google.protobuf.GeneratedMessageV3 {
                    public static com.google.protobuf.Descriptors.Descriptor getDescriptor() {
                        return new com.google.protobuf.Descriptors.Descriptor();
                    }
                }
                """);
    }

    /// What the program is made of besides, as far as messages are concerned.
    private static final Map<String, String> PROTOBUF =
            Map.of(
                    "com/google/protobuf/Descriptors",
                    "package com.google.protobuf; public class Descriptors { public static class Descriptor {} }",
                    "com/google/protobuf/Outside",
                    """
                    package com.google.protobuf;
                    public class Outside {
                        public int called() { return 0; }
                        public int uncalled() { return 0; }
                        public int run() { return called(); }
                    }
                    """,
                    "com/google/protobuf/GeneratedMessageV3",
                    """
                    package com.google.protobuf;
                    public abstract class GeneratedMessageV3 {
                        public Descriptors.Descriptor getDescriptorForType() { throw new IllegalStateException("reflection"); }
                        public Object getAllFields() { throw new IllegalStateException("reflection"); }
                        @Override public final String toString() { return "by reflection"; }
                    }
                    """);

    private Path trimmed(String body) throws IOException {
        return trimmed(LIBRARY, body);
    }

    private Path trimmed(Map<String, String> library, String body) throws IOException {
        var work = Files.createTempDirectory(folder, "case");
        var program = new LinkedHashMap<>(PROTOBUF);
        program.put(
                "app/Program",
                "package app; public class Program implements java.util.concurrent.Callable<Integer> { public Integer call() { "
                        + body
                        + " } }");
        var sources = new LinkedHashMap<>(library);
        sources.putAll(program);
        return SourceJars.trimmed(work, sources);
    }

    private static Object result(Path trimmed) throws Exception {
        return SourceJars.result(trimmed, ClassLoader.getPlatformClassLoader());
    }

    private static List<String> methods(Path trimmed, String type) throws Exception {
        try (var loader = loader(trimmed)) {
            return Arrays.stream(loader.loadClass(type).getDeclaredMethods())
                    .map(method -> method.getName())
                    .toList();
        }
    }

    private static boolean has(Path trimmed, String type) throws IOException {
        try (var loader = loader(trimmed)) {
            return loader.getResource(type.replace('.', '/') + ".class") != null;
        }
    }

    private static URLClassLoader loader(Path trimmed) throws IOException {
        return SourceJars.loader(trimmed, ClassLoader.getPlatformClassLoader());
    }
}
