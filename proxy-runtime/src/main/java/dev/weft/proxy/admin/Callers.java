package dev.weft.proxy.admin;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The connections of one port, as many as there may be: where there are, the one that has been
/// idle for the longest time gives way to the next, and if all wait for answers, one of the client
/// that has most of them. So nobody keeps the kubelet out. Where more of the answers is unread than
/// there is memory for, the connection that has not read for the longest time gives way. Confined
/// to the port's event loop.
final class Callers {
    /// Of all answers that clients have not read yet; a single larger one is sent.
    static final int MAX_UNREAD_BYTES = 8 * 1024 * 1024;

    /// How long a client may take to its first request.
    private static final Duration FIRST_REQUEST = Duration.ofSeconds(5);

    private final int most;
    private final Set<Caller> idle = new LinkedHashSet<>();
    private final Set<Caller> waiting = new LinkedHashSet<>();
    private final SequencedMap<Caller, Integer> unread = new LinkedHashMap<>();
    private long unreadBytes;

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

        /// Its answer is on its way.
        void isSent(int bytes) {
            unread.put(this, bytes);
            unreadBytes += bytes;
            while (unreadBytes > MAX_UNREAD_BYTES && unread.size() > 1) {
                dismiss(unread.firstEntry().getKey());
            }
        }

        /// It has its answer.
        void isAnswered() {
            forgetUnread();
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
            forgetUnread();
        }

        private void forgetUnread() {
            var bytes = unread.remove(this);
            unreadBytes -= bytes == null ? 0 : bytes;
        }
    }

    Callers(int most) {
        this.most = most;
    }

    Caller admit(Channel channel) {
        if (idle.size() + waiting.size() >= most) {
            dismiss(idle.isEmpty() ? ofTheBusiest() : idle.iterator().next());
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

    private static void dismiss(Caller leaving) {
        leaving.leave();
        leaving.channel.close();
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
