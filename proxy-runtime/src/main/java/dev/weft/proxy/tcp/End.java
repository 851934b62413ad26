package dev.weft.proxy.tcp;

import dev.weft.proxy.overload.Account;
import io.netty.buffer.ByteBuf;

/// One end of a [Relay]: a connection or a stream. Used on its event loop only.
interface End {
    /// From now on `heard` is told what comes from here.
    void begin(Heard heard);

    /// Takes the bytes.
    void write(ByteBuf bytes);

    void flush();

    boolean isWritable();

    void pauseReading(boolean paused);

    /// What is kept of what was written, and of what has come.
    long waitingBytes();

    /// Nothing more is written; what comes from here still counts.
    void finish();

    /// Both directions have ended in order.
    void close();

    /// The other end broke off, and this one's peer has to see that.
    void abort();

    /// What an end tells. What is handed over is the listener's.
    interface Heard {
        void bytes(ByteBuf bytes);

        void readComplete();

        void writable();

        /// The peer says nothing more; it may still listen.
        void finished();

        /// It is gone, in order or not.
        void gone();

        /// That of both ends.
        Account account();
    }
}
