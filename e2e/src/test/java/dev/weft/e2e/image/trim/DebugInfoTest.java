package dev.weft.e2e.image.trim;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.Attribute;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebugInfoTest {
    private static final String PROGRAM =
            """
            package app;
            public class Program implements java.util.concurrent.Callable<Integer> {
                @Deprecated private java.util.List<String> words = java.util.List.of("a", "b");
                public Integer call() {
                    int sumOfAll = 0;
                    for (String eachWord : words) {
                        sumOfAll += eachWord.equals("a") ? 3 : 4;
                    }
                    return sumOfAll;
                }
                @Seen @Unseen public <T> T same(T givenArgument) { return givenArgument; }
            }
            @java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME)
            @interface Seen {}
            @interface Unseen {}
            """;

    @TempDir private Path folder;

    @Test
    void names_that_only_debuggers_read_are_gone_with_their_symbols() throws Exception {
        var before = program(compiled(Map.of("app/Program", PROGRAM)));
        var after = program(without(Map.of("app/Program", PROGRAM)));

        assertThat(attributes(before))
                .contains("LocalVariableTable", "LocalVariableTypeTable", "MethodParameters")
                .contains("RuntimeInvisibleAnnotations");
        assertThat(attributes(after))
                .containsExactlyInAnyOrder(
                        "Code",
                        "Exceptions",
                        "LineNumberTable",
                        "StackMapTable",
                        "RuntimeVisibleAnnotations",
                        "Signature",
                        "SourceFile");
        assertThat(texts(before)).contains("sumOfAll", "eachWord", "givenArgument", "Lapp/Unseen;");
        assertThat(texts(after))
                .doesNotContain("sumOfAll", "eachWord", "givenArgument", "Lapp/Unseen;")
                .contains("Lapp/Seen;");
    }

    @Test
    void it_runs_as_before() throws Exception {
        assertThat(result(without(Map.of("app/Program", PROGRAM)))).isEqualTo(7);
    }

    @Test
    void a_class_of_an_optional_dependency_may_be_missing() throws Exception {
        var classes =
                compiled(
                        Map.of(
                                "opt/Animal",
                                "package opt; public class Animal {}",
                                "opt/Cat",
                                "package opt; public class Cat extends Animal {}",
                                "opt/Dog",
                                "package opt; public class Dog extends Animal {}",
                                "app/Program",
                                """
                                package app;
                                public class Program {
                                    static void feed(opt.Animal animal) {}
                                    static void any(boolean cat) {
                                        feed(cat ? new opt.Cat() : new opt.Dog());
                                    }
                                }
                                """));
        var before = program(classes);
        var after =
                ClassFile.of().parse(DebugInfo.without(requireNonNull(classes.get("app.Program"))));

        assertThat(stackMaps(after)).isNotEmpty().isEqualTo(stackMaps(before));
    }

    @Test
    void a_constant_whose_place_changes_is_still_found() throws Exception {
        var many = new StringBuilder();
        for (int i = 0; i < 300; i++) {
            many.append("if (size > ").append(i).append(") all.append(\"").append(i).append("\");");
        }
        var classes =
                without(
                        Map.of(
                                "app/Program",
                                """
                                package app;
                                public class Program implements java.util.concurrent.Callable<Integer> {
                                    public Integer call() { return many(300).length(); }
                                    static StringBuilder many(int size) {
                                        StringBuilder all = new StringBuilder();
                                        %s
                                        return all;
                                    }
                                }
                                """
                                        .formatted(many)));

        assertThat(result(classes)).isEqualTo(10 + 90 * 2 + 200 * 3);
    }

    @Test
    void the_same_class_gives_the_same_bytes() throws Exception {
        var once = without(Map.of("app/Program", PROGRAM)).get("app.Program");

        assertThat(without(Map.of("app/Program", PROGRAM)).get("app.Program")).isEqualTo(once);
    }

    private Map<String, byte[]> without(Map<String, String> sources) throws IOException {
        var classes = compiled(sources);
        classes.replaceAll((_, code) -> DebugInfo.without(code));
        return classes;
    }

    /// By name.
    private Map<String, byte[]> compiled(Map<String, String> sources) throws IOException {
        var classes =
                SourceJars.compile(
                        Files.createTempDirectory(folder, "case"), sources, "-g", "-parameters");
        var found = new HashMap<String, byte[]>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var name = classes.relativize(file).toString().replace('/', '.');
                found.put(
                        name.substring(0, name.length() - ".class".length()),
                        Files.readAllBytes(file));
            }
        }
        return found;
    }

    /// Loaded, which verifies the code.
    private static Object result(Map<String, byte[]> classes) throws Exception {
        var loader =
                new ClassLoader(ClassLoader.getPlatformClassLoader()) {
                    @Override
                    protected Class<?> findClass(String name) throws ClassNotFoundException {
                        var code = classes.get(name);
                        if (code == null) {
                            throw new ClassNotFoundException(name);
                        }
                        return defineClass(name, code, 0, code.length);
                    }
                };
        var program = loader.loadClass("app.Program").getConstructor().newInstance();
        return ((Callable<?>) program).call();
    }

    private static ClassModel program(Map<String, byte[]> classes) {
        return ClassFile.of().parse(requireNonNull(classes.get("app.Program")));
    }

    private static Set<String> texts(ClassModel model) {
        var texts = new TreeSet<String>();
        model.constantPool()
                .forEach(entry -> {
                    if (entry instanceof Utf8Entry text) {
                        texts.add(text.stringValue());
                    }
                });
        return texts;
    }

    private static List<String> stackMaps(ClassModel model) {
        return model.methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(code -> code.findAttribute(Attributes.stackMapTable()).stream())
                .flatMap(maps -> maps.entries().stream())
                .map(frame -> frame.locals() + " " + frame.stack())
                .toList();
    }

    private static Set<String> attributes(ClassModel model) {
        var elements = new ArrayList<AttributedElement>(List.of(model));
        elements.addAll(model.fields());
        elements.addAll(model.methods());
        model.methods()
                .forEach(method ->
                        method.code().map(AttributedElement.class::cast).ifPresent(elements::add));
        var names = new TreeSet<String>();
        for (var element : elements) {
            for (Attribute<?> attribute : element.attributes()) {
                names.add(attribute.attributeName().stringValue());
            }
        }
        return names;
    }
}
