package dev.weft.proxy.http2;

/// The streams of one connection that were closed last, and by whom: what a peer may still send on
/// them depends on that (RFC 9113, 5.1). Remembers [#REMEMBERED] of them.
final class ClosedStreams {
    static final int REMEMBERED = 256;

    private final int[] ids = new int[REMEMBERED];
    private int next;
    private int forgottenUpTo;

    enum Way {
        /// We have reset it: the peer may not know yet.
        RESET,
        /// The peer knows.
        ENDED,
        /// It was closed long ago.
        FORGOTTEN,
        /// Not by us, and not lately: it may never have been opened.
        UNKNOWN
    }

    void add(int id, Way way) {
        forgottenUpTo = Math.max(forgottenUpTo, Math.abs(ids[next]));
        ids[next] = way == Way.RESET ? id : -id;
        next = (next + 1) % REMEMBERED;
    }

    Way way(int id) {
        for (var each : ids) {
            if (each == id) {
                return Way.RESET;
            }
            if (each == -id) {
                return Way.ENDED;
            }
        }
        return id <= forgottenUpTo ? Way.FORGOTTEN : Way.UNKNOWN;
    }
}
