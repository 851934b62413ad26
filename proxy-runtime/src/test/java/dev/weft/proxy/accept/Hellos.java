package dev.weft.proxy.accept;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/// ClientHellos, well-formed and not.
final class Hellos {
    static final int SERVER_NAME = 0;
    private static final int ALPN = 16;
    private static final int PADDING = 21;

    private Hellos() {}

    /// In one record.
    static byte[] of(byte[]... extensions) {
        return inRecords(handshake(extensions), 1 << 14);
    }

    static byte[] handshake(byte[]... extensions) {
        var all = Unpooled.wrappedBuffer(extensions);
        var hello = Unpooled.buffer();
        hello.writeShort(0x0303).writeZero(32).writeByte(0);
        hello.writeShort(2).writeShort(0x1301).writeByte(1).writeByte(0);
        hello.writeShort(all.readableBytes()).writeBytes(all);
        return bytes(
                Unpooled.buffer()
                        .writeByte(1)
                        .writeMedium(hello.readableBytes())
                        .writeBytes(hello));
    }

    static byte[] inRecords(byte[] handshake, int length) {
        var records = Unpooled.buffer();
        for (int at = 0; at < handshake.length; at += length) {
            var part = Math.min(length, handshake.length - at);
            records.writeByte(22).writeShort(0x0301).writeShort(part);
            records.writeBytes(handshake, at, part);
        }
        return bytes(records);
    }

    static byte[] asking(String name) {
        return extension(SERVER_NAME, list(entry(0, name)));
    }

    static byte[] speaking(String protocol) {
        var text = protocol.getBytes(ISO_8859_1);
        var list = Unpooled.buffer().writeByte(text.length).writeBytes(text);
        return extension(ALPN, list(bytes(list)));
    }

    /// An extension of so many bytes.
    static byte[] padding(int length) {
        return extension(PADDING, new byte[length - 4]);
    }

    static byte[] extension(int type, byte[] body) {
        return bytes(Unpooled.buffer().writeShort(type).writeShort(body.length).writeBytes(body));
    }

    static byte[] list(byte[]... entries) {
        var all = Unpooled.wrappedBuffer(entries);
        return bytes(Unpooled.buffer().writeShort(all.readableBytes()).writeBytes(all));
    }

    /// @param type 0: a host's name
    static byte[] entry(int type, String name) {
        var text = name.getBytes(ISO_8859_1);
        return bytes(Unpooled.buffer().writeByte(type).writeShort(text.length).writeBytes(text));
    }

    private static byte[] bytes(ByteBuf buffer) {
        return ByteBufUtil.getBytes(buffer);
    }
}
