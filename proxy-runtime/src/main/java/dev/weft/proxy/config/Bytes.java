package dev.weft.proxy.config;

import com.google.protobuf.ByteString;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/// Bytes that do not change.
public record Bytes(ByteString content) {
    public static final Bytes NONE = new Bytes(ByteString.EMPTY);

    public boolean isEmpty() {
        return content.isEmpty();
    }

    public int length() {
        return content.size();
    }

    /// A view of its own.
    public ByteBuf buffer() {
        return Unpooled.wrappedBuffer(content.asReadOnlyByteBuffer());
    }
}
