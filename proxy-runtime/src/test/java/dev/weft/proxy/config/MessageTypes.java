package dev.weft.proxy.config;

import com.google.protobuf.Descriptors.Descriptor;

/// The generated classes of Envoy's messages, by the messages' names.
final class MessageTypes {
    private MessageTypes() {}

    static Descriptor of(String type) throws ReflectiveOperationException {
        return (Descriptor) Class.forName(className(type)).getMethod("getDescriptor").invoke(null);
    }

    /// Messages within messages are nested classes in Java.
    static String className(String type) {
        return "io.envoyproxy."
                + type.replaceAll("(?<=[.][A-Z][A-Za-z0-9]{0,99})[.](?=[A-Z])", "\\$");
    }
}
