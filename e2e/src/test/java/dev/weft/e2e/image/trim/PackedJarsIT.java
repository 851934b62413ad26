package dev.weft.e2e.image.trim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.Images;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The classes of the proxy's image, which other tests do not run: they have all the class path's.
class PackedJarsIT {
    private static List<Path> built = List.of();
    private static List<Path> packed = List.of();

    @BeforeAll
    static void find() throws IOException {
        var top = Images.top();
        var images = new Images(top, Cache.ofUser(), Progress.toStandardError());
        packed = jars(images.unpackedProxy().resolve("app/lib"));
        var all = new ArrayList<>(jars(top.resolve("proxy-runtime/target/lib")));
        all.addAll(jars(top.resolve("proxy-runtime/target")));
        built = List.copyOf(all);
    }

    @Test
    void every_class_passes_the_verifier() throws IOException {
        var wrong = new TreeSet<String>();
        try (var before = new ClassPath(built);
                var after = new ClassPath(packed);
                var loader = loader(packed)) {
            assertThat(after.names()).hasSizeGreaterThan(5_000);
            for (var name : after.names()) {
                try {
                    // A class is linked before it can be asked for these.
                    var _ =
                            Class.forName(name.replace('/', '.'), false, loader)
                                    .getDeclaredConstructors();
                } catch (NoClassDefFoundError e) {
                    if (before.has(String.valueOf(e.getMessage()))) {
                        wrong.add(name + ": " + e);
                    }
                } catch (ClassNotFoundException | LinkageError e) {
                    wrong.add(name + ": " + e);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void nothing_is_gone_that_code_refers_to() throws IOException {
        assertThat(gaps(packed)).isSubsetOf(gaps(built));
    }

    @Test
    void every_message_of_the_api_is_read_copied_and_written() throws Exception {
        int messages = 0;
        try (var classes = new ClassPath(packed);
                var loader = new URLClassLoader(urls(packed), new OnlyProtobuf())) {
            for (var name : classes.names()) {
                if (!isOfApi(name) || !Messages.isMessage(classes.read(name).orElseThrow())) {
                    continue;
                }
                var type = Class.forName(name.replace('/', '.'), true, loader);
                var instance = type.getDeclaredField("DEFAULT_INSTANCE");
                instance.setAccessible(true);
                var empty = (Message) instance.get(null);
                var full = full(empty.getDescriptorForType(), 3);

                var message = empty.getParserForType().parseFrom(full.toByteString());

                assertThat(message.toByteString()).as(name).isEqualTo(full.toByteString());
                assertThat(message.toBuilder().build())
                        .isEqualTo(message)
                        .hasSameHashCodeAs(message);
                assertThat(empty.newBuilderForType().mergeFrom(message).build())
                        .isEqualTo(message)
                        .isInstanceOf(type);
                messages++;
            }
        }
        assertThat(messages).isGreaterThan(400);
    }

    private static boolean isOfApi(String name) {
        return !name.startsWith("com/google/protobuf/");
    }

    /// A message with a value in each field.
    private static DynamicMessage full(Descriptor type, int depth) {
        var message = DynamicMessage.newBuilder(type);
        for (var field : type.getFields()) {
            if (field.getJavaType() == JavaType.MESSAGE && depth == 0) {
                continue;
            }
            var value =
                    switch (field.getJavaType()) {
                        case INT -> (Object) 7;
                        case LONG -> 7L;
                        case FLOAT -> 7f;
                        case DOUBLE -> 7d;
                        case BOOLEAN -> true;
                        case STRING -> "seven";
                        case BYTE_STRING -> ByteString.copyFromUtf8("seven");
                        case ENUM -> field.getEnumType().getValues().getLast();
                        case MESSAGE -> full(field.getMessageType(), depth - 1);
                    };
            if (field.isRepeated()) {
                message.addRepeatedField(field, value);
            } else {
                message.setField(field, value);
            }
        }
        return message.build();
    }

    /// Protobuf is this test's as well, which can look at messages then.
    private static final class OnlyProtobuf extends ClassLoader {
        private OnlyProtobuf() {
            super("only protobuf", ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("com.google.protobuf.")) {
                return PackedJarsIT.class.getClassLoader().loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }
    }

    private static Set<String> gaps(List<Path> jars) throws IOException {
        try (var classes = new ClassPath(jars)) {
            return Gaps.of(classes);
        }
    }

    /// Only the JDK's classes are to be found besides.
    private static URLClassLoader loader(List<Path> jars) throws MalformedURLException {
        return new URLClassLoader(urls(jars), ClassLoader.getPlatformClassLoader());
    }

    private static URL[] urls(List<Path> jars) throws MalformedURLException {
        var urls = new ArrayList<URL>();
        for (var jar : jars) {
            urls.add(jar.toUri().toURL());
        }
        return urls.toArray(URL[]::new);
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
    }
}
