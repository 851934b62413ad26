package dev.weft.proxy.body;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Parts of a body that are kept for later, in order. Small ones are put together, and copied out
/// of what they were read into where that is much larger: beside its bytes each part costs a
/// hundred more, and holds on to all of that, which neither a window nor a limit of a buffer's
/// bytes counts. Used by one thread.
public final class KeptParts {
    private static final int SMALL = 1024;
    private static final int LEAST_ROOM = 4 * SMALL;
    private static final int MOST_ROOM = 16 * 1024;

    /// A part may hold on to so many times its own bytes.
    private static final int MOST_HELD = 4;

    private final ArrayDeque<HttpContent> parts = new ArrayDeque<>();

    /// Of the last part, if that was put together here. It never moves: somebody may be reading
    /// what it begins with.
    private @Nullable ByteBuf room;

    /// Takes the part.
    public void add(HttpContent part) {
        var last = parts.peekLast();
        if (part instanceof LastHttpContent || !(isSmall(part) || holdsMuch(part))) {
            room = null;
            parts.addLast(part);
        } else if (room != null && room.isWritable(part.content().readableBytes())) {
            moveIntoRoom(part);
        } else if (room != null) {
            begin(MOST_ROOM, part);
        } else if (last != null && isSmall(last)) {
            parts.removeLast();
            begin(LEAST_ROOM, last);
            add(part);
        } else if (holdsMuch(part)) {
            begin(LEAST_ROOM, part);
        } else {
            parts.addLast(part);
        }
    }

    private void begin(int least, HttpContent part) {
        var bytes = Math.max(least, part.content().readableBytes());
        room = ByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        parts.addLast(new DefaultHttpContent(room));
        moveIntoRoom(part);
    }

    private void moveIntoRoom(HttpContent part) {
        Objects.requireNonNull(room).writeBytes(part.content());
        part.release();
    }

    private static boolean holdsMuch(HttpContent part) {
        var bytes = part.content();
        var all = bytes;
        while (all.unwrap() != null) {
            all = all.unwrap();
        }
        return bytes.readableBytes() > 0 && all.capacity() / MOST_HELD > bytes.readableBytes();
    }

    private static boolean isSmall(HttpContent part) {
        return part.content().readableBytes() < SMALL && !(part instanceof LastHttpContent);
    }

    /// The first part, which is the caller's from now on; null where there is none.
    public @Nullable HttpContent poll() {
        var first = parts.pollFirst();
        if (parts.isEmpty()) {
            room = null;
        }
        return first;
    }

    public boolean isEmpty() {
        return parts.isEmpty();
    }

    /// All that is in them, counted now.
    public long bytes() {
        return parts.stream().mapToLong(part -> part.content().readableBytes()).sum();
    }

    /// Each part is still kept, and not to be read from.
    public void forEach(Consumer<HttpContent> to) {
        parts.forEach(to);
    }

    /// Keeps nothing any more.
    public void release() {
        parts.forEach(HttpContent::release);
        parts.clear();
        room = null;
    }
}
