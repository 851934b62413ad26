package dev.weft.proxy;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import java.util.ArrayList;
import java.util.List;

/// Changes xDS messages here and there, as the fuzzer says: fields are set, taken away, repeated,
/// and messages within them likewise.
final class RandomMessages {
    private static final int MAX_DEPTH = 6;
    private static final int MAX_REPEATED = 3;

    private final FuzzedDataProvider data;
    private final List<? extends Message> extensions;

    /// @param extensions what an `Any` may hold
    RandomMessages(FuzzedDataProvider data, List<? extends Message> extensions) {
        this.data = data;
        this.extensions = extensions;
    }

    <M extends Message> M changed(M message) {
        @SuppressWarnings("unchecked") // a builder builds what it was made of
        var changed = (M) change(message, 0);
        return changed;
    }

    private Message change(Message message, int depth) {
        if (message instanceof Any any) {
            return any(any, depth);
        }
        if (message instanceof Struct struct) {
            return struct(struct);
        }
        var builder = message.toBuilder();
        for (var field : message.getDescriptorForType().getFields()) {
            if (data.remainingBytes() == 0) {
                break;
            }
            var there = field.isRepeated() || builder.hasField(field);
            if (there && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                goInto(builder, field, depth);
            }
            if (data.consumeByte() % 16 == 0) {
                set(builder, field, depth);
            }
        }
        return builder.build();
    }

    /// A field with another value, as of a `TypedStruct`.
    private Struct struct(Struct struct) {
        if (struct.getFieldsCount() == 0) {
            return struct;
        }
        var names = struct.getFieldsMap().keySet().stream().sorted().toList();
        var value =
                switch (data.consumeInt(0, 3)) {
                    case 0 -> Values.of(data.consumeDouble());
                    case 1 -> Values.of(text(data.consumeString(10)));
                    case 2 -> Values.of(data.consumeInt() + "s");
                    default -> Values.ofNull();
                };
        return struct.toBuilder()
                .putFields(names.get(data.consumeInt(0, names.size() - 1)), value)
                .build();
    }

    private void goInto(Message.Builder builder, FieldDescriptor field, int depth) {
        if (!field.isRepeated()) {
            builder.setField(field, change((Message) builder.getField(field), depth));
        } else if (!field.isMapField()) {
            for (int i = 0; i < builder.getRepeatedFieldCount(field); i++) {
                var one = (Message) builder.getRepeatedField(field, i);
                builder.setRepeatedField(field, i, change(one, depth));
            }
        }
    }

    private void set(Message.Builder builder, FieldDescriptor field, int depth) {
        if (depth == MAX_DEPTH || data.consumeBoolean() && field.hasPresence()) {
            builder.clearField(field);
        } else if (field.isRepeated()) {
            var values = new ArrayList<Object>();
            for (int i = data.consumeInt(0, MAX_REPEATED); i > 0; i--) {
                values.add(value(builder, field, depth));
            }
            if (!field.isMapField()) {
                builder.setField(field, values);
            }
        } else {
            builder.setField(field, value(builder, field, depth));
        }
    }

    private Object value(Message.Builder builder, FieldDescriptor field, int depth) {
        return switch (field.getJavaType()) {
            case INT -> data.consumeBoolean() ? data.consumeInt(-2, 70_000) : data.consumeInt();
            case LONG -> data.consumeBoolean() ? data.consumeLong(-2, 1000) : data.consumeLong();
            case FLOAT -> data.consumeFloat();
            case DOUBLE -> data.consumeDouble();
            case BOOLEAN -> data.consumeBoolean();
            case STRING -> text(data.consumeString(30));
            case BYTE_STRING -> ByteString.copyFrom(data.consumeBytes(30));
            case ENUM -> anEnum(field);
            case MESSAGE -> change(builder.newBuilderForField(field).build(), depth + 1);
        };
    }

    private EnumValueDescriptor anEnum(FieldDescriptor field) {
        var values = field.getEnumType().getValues();
        return data.consumeByte() == 0
                ? field.getEnumType().findValueByNumberCreatingIfUnknown(4711)
                : values.get(data.consumeInt(0, values.size() - 1));
    }

    /// Protobuf's strings are Unicode.
    private static String text(String text) {
        return text.replaceAll("[\\ud800-\\udfff]", "?");
    }

    private Message any(Any any, int depth) {
        for (var extension : extensions) {
            if (any.is(extension.getClass()) && data.consumeByte() % 16 != 0) {
                try {
                    return Any.pack(change(any.unpack(extension.getClass()), depth + 1));
                } catch (com.google.protobuf.InvalidProtocolBufferException malformed) {
                    break;
                }
            }
        }
        return data.consumeByte() == 0
                ? any.toBuilder().setValue(ByteString.copyFrom(data.consumeBytes(20))).build()
                : Any.pack(extensions.get(data.consumeInt(0, extensions.size() - 1)));
    }
}
