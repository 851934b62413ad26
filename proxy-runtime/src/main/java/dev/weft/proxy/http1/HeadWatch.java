package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.TooLongHttpHeaderException;

/// Walks the heads in what a decoder is about to read; each byte once, however the bytes come.
final class HeadWatch {
    /// The objects around a field's name and value.
    private static final long FIELD_BYTES = 128;

    private final HeadGrammar grammar;

    /// Bytes behind the reader index that have been looked at.
    private int walked;

    /// Of this head, so far.
    private int headBytes;

    private boolean inHead = true;

    HeadWatch(HeadGrammar grammar) {
        this.grammar = grammar;
    }

    /// @return false: the decoder must not read this
    boolean allows(ByteBuf in) {
        if (inHead) {
            var from = in.readerIndex() + walked;
            var stopped = in.forEachByte(from, in.writerIndex() - from, grammar);
            if (grammar.wrong() != null) {
                return false;
            }
            var now = (stopped < 0 ? in.writerIndex() : stopped + 1) - in.readerIndex();
            headBytes += now - walked;
            walked = now;
            inHead = !grammar.ended();
        }
        return true;
    }

    /// Whether a head has begun that has not come to its end.
    boolean isWithinHead() {
        return inHead && grammar.begun();
    }

    /// Whether the next byte is a message's first.
    boolean isBetween() {
        return inHead && !grammar.begun();
    }

    /// About what the head that has begun takes of the memory.
    long headBytes() {
        return isWithinHead() ? headBytes + grammar.fields() * FIELD_BYTES : 0;
    }

    Exception refusal() {
        return grammar.isExcessive()
                ? new TooLongHttpHeaderException(grammar.wrong())
                : new IllegalArgumentException(grammar.wrong());
    }

    /// The decoder has read so many bytes.
    void consumed(int bytes) {
        walked = Math.max(0, walked - bytes);
    }

    /// A message is complete; the next byte begins another.
    void messageEnded() {
        inHead = true;
        walked = 0;
        headBytes = 0;
        grammar.restart();
    }
}
