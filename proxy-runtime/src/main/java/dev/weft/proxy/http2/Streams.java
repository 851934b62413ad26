package dev.weft.proxy.http2;

import dev.weft.proxy.http2.ClosedStreams.Way;
import io.netty.util.collection.IntObjectHashMap;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The streams of a connection by their ids: those that are open, those that were closed lately,
/// and those that can still come. A client's are odd (RFC 9113, 5.1.1), and no server opens any
/// here: pushes are switched off.
final class Streams {
    private final boolean server;
    private final IntObjectHashMap<Stream> open = new IntObjectHashMap<>();
    private final ClosedStreams closed = new ClosedStreams();
    private int lastOfPeer;
    private int nextOwn = 1;

    Streams(boolean server) {
        this.server = server;
    }

    @Nullable Stream get(int id) {
        return open.get(id);
    }

    int size() {
        return open.size();
    }

    Collection<Stream> open() {
        return open.values();
    }

    /// What is done to one may close others: these are left out.
    void forEachOpen(Consumer<Stream> to) {
        for (var stream : List.copyOf(open.values())) {
            if (!stream.closed) {
                to.accept(stream);
            }
        }
    }

    /// The peer opens it.
    void add(int id, Stream stream) {
        stream.id = id;
        open.put(id, stream);
    }

    /// We open it.
    void addOwn(Stream stream) {
        add(nextOwn, stream);
        nextOwn += 2;
    }

    /// Whether we can open no more on this connection.
    boolean areUsedUp() {
        return nextOwn < 0;
    }

    int lastOfPeer() {
        return lastOfPeer;
    }

    /// Whether the peer can open it now.
    boolean canBegin(int id) {
        return server && id > lastOfPeer && id % 2 == 1;
    }

    /// The peer has opened it, or has tried to.
    void begun(int id) {
        lastOfPeer = id;
    }

    void close(int id, Way way) {
        open.remove(id);
        closed.add(id, way);
    }

    /// How one that is not open was closed.
    Way way(int id) {
        return closed.way(id);
    }

    /// Whether nobody can have opened it yet.
    boolean isIdle(int id) {
        var ofClient = id % 2 == 1;
        return ofClient == server ? id > lastOfPeer : nextOwn > 0 && id >= nextOwn;
    }
}
