package dev.weft.proxy.tcp;

import dev.weft.proxy.overload.Account;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import org.jspecify.annotations.Nullable;

/// Two ends of a tunnel of which at least one is a stream of an HTTP/2 connection; [Splice] is the
/// same for two connections. An end on one side is passed on while the other side still speaks, one
/// that breaks off breaks the other off, and a side is read only while the other one takes. Both
/// are on the same event loop.
///
/// ```
/// open -> one has finished -> both have: over
///   +----- one is gone ----------------^
/// ```
final class Relay implements Account {
    private final Side client;
    private final Side server;
    private final Ended told;
    private final Lifetime lifetime;
    private boolean over;

    private Relay(EventLoop loop, End client, End server, TunnelLimits limits, Ended told) {
        this.client = new Side(client, server);
        this.server = new Side(server, client);
        this.told = told;
        this.lifetime = new Lifetime(loop, limits, this::breakOff);
    }

    /// @param limits after which both are broken off
    /// @param told when it is over
    static void join(EventLoop loop, End client, End server, TunnelLimits limits, Ended told) {
        var relay = new Relay(loop, client, server, limits, told);
        server.begin(relay.server);
        if (!relay.over) {
            client.begin(relay.client);
        }
    }

    private void end(@Nullable Refusal why) {
        over = true;
        lifetime.stop();
        told.ended(client.bytes, server.bytes, why);
    }

    @Override
    public long heldBytes() {
        return client.self.waitingBytes() + server.self.waitingBytes();
    }

    /// What was said may still wait when both have ended.
    @Override
    public void reset() {
        breakOff(Refusal.OVERLOADED);
    }

    private void breakOff(Refusal why) {
        if (!over) {
            end(why);
        }
        client.self.abort();
        server.self.abort();
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
            lifetime.moved();
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
                lifetime.moved();
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
                end(null);
                self.close();
                other.close();
            }
        }

        @Override
        public Account account() {
            return Relay.this;
        }

        @Override
        public void gone() {
            if (!over) {
                end(null);
                other.abort();
            }
        }
    }
}
