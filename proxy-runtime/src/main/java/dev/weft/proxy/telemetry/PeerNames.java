package dev.weft.proxy.telemetry;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// The peers that are told apart, and when each was seen last. Any thread; seconds are passed in.
final class PeerNames {
    /// How long a peer is silent before it may have to go.
    static final Duration SILENCE = Duration.ofMinutes(15);

    /// Looking for such peers takes a walk: not for each request of one that has no room.
    private static final Duration BETWEEN_WALKS = Duration.ofSeconds(10);

    private final int atMost;
    private final Map<String, Peer> peers = new ConcurrentHashMap<>();
    private final AtomicLong nextWalk = new AtomicLong();

    static final class Peer {
        private final String id;
        private volatile long seen;

        private Peer(String id, long now) {
            this.id = id;
            this.seen = now;
        }

        String id() {
            return id;
        }

        private void see(long now) {
            // A second's requests share one write.
            if (now != seen) {
                seen = now;
            }
        }

        private boolean isSilent(long now) {
            // Clocks are set, too: what will be seen in the future is not seen either.
            return Math.abs(now - seen) >= SILENCE.toSeconds();
        }
    }

    PeerNames(int atMost) {
        this.atMost = atMost;
    }

    /// @return false: it is not among them
    boolean seen(String id, long now) {
        var known = peers.get(id);
        if (known == null) {
            return false;
        }
        known.see(now);
        return true;
    }

    /// @return false: there is no room
    boolean add(String id, long now) {
        return peers.size() < atMost && peers.computeIfAbsent(id, it -> new Peer(it, now)) != null;
    }

    /// Keeps it, whether there is room or not.
    void keep(String id, long now) {
        peers.computeIfAbsent(id, it -> new Peer(it, now)).see(now);
    }

    /// Whether it may help to ask for [#leaving]; true once in a while.
    boolean mayHaveRoom(long now) {
        var next = nextWalk.get();
        var due = now >= next || next - now > BETWEEN_WALKS.toSeconds();
        return due && nextWalk.compareAndSet(next, now + BETWEEN_WALKS.toSeconds());
    }

    List<Peer> leaving(long now) {
        return peers.values().stream().filter(it -> it.isSilent(now)).toList();
    }

    /// @return false: it was seen meanwhile, and stays
    boolean remove(Peer peer, long now) {
        return peer.isSilent(now) && peers.remove(peer.id, peer);
    }
}
