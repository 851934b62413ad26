package dev.weft.proxy.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// The ways in which the same bytes may come from a socket.
public final class Cuts {
    private static final int MOST = 40;

    private Cuts() {}

    /// All at once, each for itself, and in pieces that depend on the bytes alone.
    public static List<List<ByteBuf>> of(byte[] bytes) {
        return List.of(
                List.of(Unpooled.copiedBuffer(bytes)),
                pieces(bytes, () -> 1),
                random(bytes, new Random(Arrays.hashCode(bytes))));
    }

    private static List<ByteBuf> random(byte[] bytes, Random random) {
        return pieces(bytes, () -> 1 + random.nextInt(MOST));
    }

    private static List<ByteBuf> pieces(byte[] bytes, java.util.function.IntSupplier length) {
        var pieces = new ArrayList<ByteBuf>();
        for (int at = 0; at < bytes.length; ) {
            var size = Math.min(length.getAsInt(), bytes.length - at);
            pieces.add(Unpooled.copiedBuffer(bytes, at, size));
            at += size;
        }
        return pieces;
    }

    /// Reads them one after the other, for as long as the channel lives.
    public static void read(EmbeddedChannel channel, List<ByteBuf> pieces) {
        for (var piece : pieces) {
            if (channel.isActive()) {
                channel.writeInbound(piece);
            } else {
                piece.release();
            }
        }
    }
}
