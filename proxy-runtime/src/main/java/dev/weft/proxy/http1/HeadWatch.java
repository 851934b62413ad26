package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;

/// Walks the heads in what a decoder is about to read; each byte once, however the bytes come.
final class HeadWatch {
    private final HeadGrammar grammar;

    /// Bytes behind the reader index that have been looked at.
    private int walked;

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
            walked = (stopped < 0 ? in.writerIndex() : stopped + 1) - in.readerIndex();
            inHead = !grammar.ended();
        }
        return true;
    }

    /// Whether a head has begun that has not come to its end.
    boolean isWithinHead() {
        return inHead && grammar.begun();
    }

    IllegalArgumentException refusal() {
        return new IllegalArgumentException(grammar.wrong());
    }

    /// The decoder has read so many bytes.
    void consumed(int bytes) {
        walked = Math.max(0, walked - bytes);
    }

    /// A message is complete; the next byte begins another.
    void messageEnded() {
        inHead = true;
        walked = 0;
        grammar.restart();
    }
}
