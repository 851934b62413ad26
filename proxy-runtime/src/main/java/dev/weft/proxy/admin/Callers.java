package dev.weft.proxy.admin;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The connections of one port, as many as there may be: where there are, the one that has been
/// idle for the longest time gives way to the next, and if all wait for answers, one of the client
/// that has most of them. So nobody keeps the kubelet out. Confined to the port's event loop.
final class Callers {
    /// How long a client may take to its first request.
    private static final Duration FIRST_REQUEST = Duration.ofSeconds(5);

    private final int most;
    private final Set<Caller> idle = new LinkedHashSet<>();
    private final Set<Caller> waiting = new LinkedHashSet<>();

    /// One connection.
    final class Caller {
        private final Channel channel;
        private boolean asked;

        private Caller(Channel channel) {
            this.channel = channel;
        }

        /// A request has come.
        void asks() {
            asked = true;
            if (idle.remove(this)) {
                waiting.add(this);
            }
        }

        /// It has its answer.
        void isAnswered() {
            if (waiting.remove(this)) {
                idle.add(this);
            }
        }

        private @Nullable InetAddress client() {
            return channel.remoteAddress() instanceof InetSocketAddress remote
                    ? remote.getAddress()
                    : null;
        }

        private void leave() {
            idle.remove(this);
            waiting.remove(this);
        }
    }

    Callers(int most) {
        this.most = most;
    }

    Caller admit(Channel channel) {
        if (idle.size() + waiting.size() >= most) {
            var leaving = idle.isEmpty() ? ofTheBusiest() : idle.iterator().next();
            leaving.leave();
            leaving.channel.close();
        }
        var caller = new Caller(channel);
        idle.add(caller);
        channel.closeFuture().addListener(_ -> caller.leave());
        var _ =
                channel.eventLoop()
                        .schedule(
                                () -> {
                                    if (!caller.asked) {
                                        channel.close();
                                    }
                                },
                                FIRST_REQUEST.toMillis(),
                                TimeUnit.MILLISECONDS);
        return caller;
    }

    private Caller ofTheBusiest() {
        var counts = new HashMap<@Nullable InetAddress, Integer>();
        var largest = 0;
        for (var caller : waiting) {
            largest = Math.max(largest, counts.merge(caller.client(), 1, Integer::sum));
        }
        Iterator<Caller> longest = waiting.iterator();
        while (true) {
            var caller = longest.next();
            if (counts.getOrDefault(caller.client(), 0) == largest) {
                return caller;
            }
        }
    }
}
