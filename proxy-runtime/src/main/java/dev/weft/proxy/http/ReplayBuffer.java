package dev.weft.proxy.http;

import dev.weft.proxy.body.KeptParts;
import io.netty.handler.codec.http.HttpContent;
import java.util.function.Consumer;

/// The request's body so far, kept while it may have to be sent again. Owns what it keeps.
final class ReplayBuffer {
    /// A longer body is sent once, unless a route says otherwise.
    static final int LIMIT_BYTES = 64 * 1024;

    private final KeptParts parts = new KeptParts();
    private int limit = LIMIT_BYTES;
    private long bytes;
    private boolean closed;

    /// Keeps a reference and indices of its own: writing the caller's part reads it to its end.
    void add(HttpContent part) {
        if (!closed) {
            bytes += part.content().readableBytes();
            parts.add(part.retainedDuplicate());
        }
    }

    /// Nothing at all can always be sent again.
    void limit(int bytes) {
        limit = Math.max(1, bytes);
    }

    boolean isFull() {
        return bytes >= limit;
    }

    long heldBytes() {
        return closed ? 0 : bytes;
    }

    /// Whether all of the body so far is here.
    boolean canReplay() {
        return !closed;
    }

    /// Hands out each part, with a reference of its own.
    void replay(Consumer<HttpContent> to) {
        parts.forEach(part -> to.accept(part.retainedDuplicate()));
    }

    /// Nothing will be sent again.
    void close() {
        closed = true;
        parts.release();
    }
}
