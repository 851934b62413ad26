package dev.weft.proxy.config;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Walks a message and its parts: refuses by name what must not be overlooked, counts what is
/// ignored. Of a message that has no rules all is ignored; but Google's own ones, and maps, are
/// judged by who reads them.
///
/// What it walks is a [DynamicMessage]. To walk a generated one would build accessors, by Java
/// reflection, for every field of every message type that is met, and keep them.
final class FieldCheck {
    /// Distinct names counted; more than the message types have.
    private static final int MAX_NAMES = 1000;

    private final Map<String, LongAdder> ignored = new ConcurrentHashMap<>();

    void check(String place, Message message) {
        if (message.getSerializedSize() > 0) {
            check(place, dynamic(message));
        }
    }

    private void check(String place, DynamicMessage message) {
        var type = message.getDescriptorForType().getFullName();
        var known = FieldRules.of(type);
        var rules = known == null ? FieldRules.NONE : known;
        if (!message.getUnknownFields().asMap().isEmpty()) {
            if (FieldRules.isMatch(type)) {
                throw Rejected.at(
                        place,
                        "fields "
                                + message.getUnknownFields().asMap().keySet()
                                + " are not known to this proxy's API, and a match must not be overlooked");
            }
            count(type + " (unknown fields)");
        }
        for (var field : message.getAllFields().entrySet()) {
            var name = field.getKey().getName();
            if (rules.refused().contains(name) && isMeant(field.getValue())) {
                throw Rejected.at(
                        place,
                        name + " is not supported by this proxy, and must not be overlooked");
            }
            if (!rules.honoured().contains(name)) {
                count(type + "." + name);
                continue;
            }
            parts(place + "." + name, field.getValue());
        }
    }

    /// How often each field was ignored.
    Map<String, Long> ignored() {
        var counts = new TreeMap<String, Long>();
        ignored.forEach((name, count) -> counts.put(name, count.sum()));
        return counts;
    }

    /// Something that is not a field is not used either.
    void ignored(String what) {
        count(what);
    }

    private static DynamicMessage dynamic(Message message) {
        try {
            return DynamicMessage.parseFrom(message.getDescriptorForType(), message.toByteString());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message cannot read what it wrote", e);
        }
    }

    /// An explicit `false` in a wrapper asks for what happens anyway.
    private static boolean isMeant(Object value) {
        return !(value instanceof DynamicMessage wrapped)
                || !isA(wrapped, BoolValue.getDescriptor())
                || !wrapped.getAllFields().isEmpty();
    }

    private static boolean isA(DynamicMessage message, Descriptor type) {
        return message.getDescriptorForType().equals(type);
    }

    /// Whether whoever reads the field makes all of it. There is no looking into an `Any`.
    static boolean isWhole(Descriptor type) {
        return type.getFile().getPackage().equals("google.protobuf")
                || type.getOptions().getMapEntry();
    }

    private void parts(String place, Object value) {
        if (value instanceof DynamicMessage part && !isWhole(part.getDescriptorForType())) {
            check(place, part);
        } else if (value instanceof Iterable<?> many) {
            int at = 0;
            for (var one : many) {
                parts(place + "[" + at++ + "]", one);
            }
        }
    }

    private void count(String name) {
        if (ignored.size() < MAX_NAMES || ignored.containsKey(name)) {
            ignored.computeIfAbsent(name, _ -> new LongAdder()).increment();
        }
    }
}
