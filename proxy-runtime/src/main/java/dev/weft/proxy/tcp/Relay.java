package dev.weft.proxy.tcp;

import io.netty.buffer.ByteBuf;
import java.util.function.BiConsumer;

/// Two ends of a tunnel of which at least one is a stream of an HTTP/2 connection; [Splice] is the
/// same for two connections. An end on one side is passed on while the other side still speaks, one
/// that breaks off breaks the other off, and a side is read only while the other one takes. Both
/// are on the same event loop.
///
/// ```
/// open -> one has finished -> both have: over
///   +----- one is gone ----------------^
/// ```
final class Relay {
    private final Side client;
    private final Side server;
    private final BiConsumer<Long, Long> told;
    private boolean over;

    private Relay(End client, End server, BiConsumer<Long, Long> told) {
        this.client = new Side(client, server);
        this.server = new Side(server, client);
        this.told = told;
    }

    /// @param told once, when it is over: bytes from the client, bytes to the client
    static void join(End client, End server, BiConsumer<Long, Long> told) {
        var relay = new Relay(client, server, told);
        server.begin(relay.server);
        if (!relay.over) {
            client.begin(relay.client);
        }
    }

    private void end() {
        over = true;
        told.accept(client.bytes, server.bytes);
    }

    private final class Side implements End.Heard {
        private final End self;
        private final End other;
        private long bytes;
        private boolean finished;

        Side(End self, End other) {
            this.self = self;
            this.other = other;
        }

        @Override
        public void bytes(ByteBuf more) {
            if (over || finished) {
                more.release();
                return;
            }
            bytes += more.readableBytes();
            other.write(more);
        }

        @Override
        public void readComplete() {
            if (over) {
                return;
            }
            other.flush();
            if (!other.isWritable()) {
                self.pauseReading(true);
            }
        }

        @Override
        public void writable() {
            if (!over) {
                other.pauseReading(false);
            }
        }

        @Override
        public void finished() {
            if (over || finished) {
                return;
            }
            finished = true;
            other.finish();
            if (client.finished && server.finished) {
                end();
                self.close();
                other.close();
            }
        }

        @Override
        public void gone() {
            if (!over) {
                end();
                other.abort();
            }
        }
    }
}
