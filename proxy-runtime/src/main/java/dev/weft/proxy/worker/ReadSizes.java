package dev.weft.proxy.worker;

import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/// How much is read from a connection at once: what it said lately, at most four TLS records and
/// what is put around them. Most senders hand 64 KiB to the kernel; with a buffer of just that each
/// of them would take a second read, for some bytes, and a copy of the record that they end.
///
/// A read that fills its buffer makes the next ones larger at once; two in a row that would have
/// fitted the size below make them smaller. While they are filled, some follow each other: what
/// many streams of one connection bring is flushed together.
public final class ReadSizes extends DefaultMaxMessagesRecvByteBufAllocator {
    private static final int[] SIZES = {
        512, 1024, 2048, 4096, 8192, 16 * 1024, 32 * 1024, 72 * 1024
    };
    private static final int INITIAL = 2;
    private static final int READS_IN_A_ROW = 4;
    private static final int GROWS_BY = 4;

    public ReadSizes() {
        super(READS_IN_A_ROW);
    }

    /// @return for one connection, on its event loop
    @Override
    public Handle newHandle() {
        return new Sizes();
    }

    private final class Sizes extends MaxMessageHandle {
        private int index = INITIAL;
        private boolean small;

        @Override
        public int guess() {
            return SIZES[index];
        }

        @Override
        public void lastBytesRead(int bytes) {
            if (bytes == attemptedBytesRead()) {
                learn(bytes);
            }
            super.lastBytesRead(bytes);
        }

        @Override
        public void readComplete() {
            learn(totalBytesRead());
        }

        private void learn(int bytes) {
            if (bytes >= SIZES[index]) {
                index = Math.min(index + GROWS_BY, SIZES.length - 1);
                small = false;
            } else if (index > 0 && bytes <= SIZES[index - 1]) {
                index -= small ? 1 : 0;
                small = !small;
            } else {
                small = false;
            }
        }
    }
}
