package dev.weft.proxy.overload;

import dev.weft.proxy.telemetry.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/// The accepted connections that are open. Where there are too many, or they keep too much, some of
/// them give way. Any thread.
final class Seats {
    /// Who has sent no request for so long is no client that is just about to.
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    /// Who was served so shortly ago is in the middle of something.
    private static final long SERVED_NANOS = Duration.ofMillis(100).toNanos();

    /// A client of which nothing comes for so long, although its request is not whole, has left it
    /// so: three segments in a row that are lost cost less.
    private static final long SILENT_NANOS = Duration.ofSeconds(5).toNanos();

    /// One of which next to nothing comes for so long sends just enough to keep its place.
    private static final long SLOW_NANOS = Duration.ofSeconds(30).toNanos();

    /// Each goes before every time that a later one of them may have lasted.
    private static final long NEVER_SERVED = 1L << 62;

    private static final long SERVED = 1L << 61;
    private static final long SILENT = 1L << 60;

    /// What the connections of one direction may not have is one in so many: there is always room
    /// for the other one's.
    private static final int RESERVE_IS_ONE_IN = 8;

    /// To find out who gives way takes a walk over all of them: so many more go in one.
    private static final int SPARE_IS_ONE_IN = 32;

    private final LongSupplier nanos;
    private final Set<Seat> all = ConcurrentHashMap.newKeySet();
    private final AtomicInteger inbound = new AtomicInteger();
    private final AtomicInteger outbound = new AtomicInteger();
    private final AtomicLong kept = new AtomicLong();
    private final AtomicLong gaveWay = new AtomicLong();

    /// Those that have been told to give back what they keep, and have not yet.
    private final AtomicInteger givingBack = new AtomicInteger();

    /// @param much the most goes first
    private record Choice(Seat seat, long much) {}

    Seats(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /// As they are, while others come and go.
    Iterable<Seat> all() {
        return all;
    }

    /// Counts a connection until it is closed or has to give way. Where there are as many as there
    /// may be, one that is idle, or does not come on with its request, gives way to it.
    ///
    /// @return false: there was no room
    boolean take(Seat seat, int most) {
        taken(seat.direction()).incrementAndGet();
        var within = excess(seat.direction(), most) <= 0 || makeRoom(seat.direction(), most);
        seat.take();
        all.add(seat);
        seat.channel()
                .closeFuture()
                .addListener(_ -> {
                    all.remove(seat);
                    seat.keeps(0);
                    leave(seat);
                });
        return within;
    }

    private AtomicInteger taken(Direction direction) {
        return switch (direction) {
            case INBOUND -> inbound;
            case OUTBOUND -> outbound;
        };
    }

    private int taken() {
        return inbound.get() + outbound.get();
    }

    /// How many are too many for one more of this direction.
    private int excess(Direction direction, int most) {
        return Math.max(taken() - most, excessOf(direction, most));
    }

    /// How many more of this direction there are than it may have.
    private int excessOf(Direction direction, int most) {
        return taken(direction).get() - (most - most / RESERVE_IS_ONE_IN);
    }

    /// Where it is one direction that has too many, none of the other one's would make room.
    private synchronized boolean makeRoom(Direction direction, int most) {
        var excess = excess(direction, most);
        if (excess > 0) {
            var ownAlone = excessOf(direction, most) > 0;
            var now = nanos.getAsLong();
            dismiss(
                    excess + most / SPARE_IS_ONE_IN,
                    seat ->
                            ownAlone && seat.direction() != direction
                                    ? 0
                                    : Math.max(idleness(seat, now), stillness(seat, now)));
        }
        return excess(direction, most) <= 0;
    }

    /// A part of those that are idle gives way.
    synchronized void dismissSome() {
        var now = nanos.getAsLong();
        dismiss(1 + taken() / SPARE_IS_ONE_IN, seat -> idleness(seat, now));
    }

    /// A part of those whose clients do not go on with their requests gives way.
    synchronized void dismissStill() {
        var now = nanos.getAsLong();
        dismiss(1 + taken() / SPARE_IS_ONE_IN, seat -> stillness(seat, now));
    }

    private void dismiss(int count, ToLongFunction<Seat> much) {
        var left = count;
        for (var choice : choices(much)) {
            if (left == 0) {
                return;
            }
            if (leave(choice.seat())) {
                left--;
                close(choice.seat());
            }
        }
    }

    /// First those that never sent a request, then those whose last one is longest ago.
    private static long idleness(Seat seat, long now) {
        var nanos = seat.idleNanos(now);
        if (nanos < 0) {
            return 0;
        }
        if (seat.isFresh()) {
            return nanos < FRESH_NANOS ? nanos + 1 : nanos + NEVER_SERVED;
        }
        return nanos < SERVED_NANOS ? 0 : nanos + SERVED;
    }

    /// First those of whose request nothing comes for longest, then those of whose next to nothing
    /// does.
    private static long stillness(Seat seat, long now) {
        var silent = seat.silentNanos(now);
        if (silent >= SILENT_NANOS) {
            return silent + SILENT;
        }
        var slow = seat.slowNanos(now);
        return slow >= SLOW_NANOS ? slow : 0;
    }

    private boolean leave(Seat seat) {
        var counted = seat.count(false);
        if (counted) {
            taken(seat.direction()).decrementAndGet();
        }
        return counted;
    }

    private void close(Seat seat) {
        var channel = seat.channel();
        channel.eventLoop()
                .execute(() -> {
                    if (seat.isIdle()) {
                        gaveWay.incrementAndGet();
                        channel.close();
                    } else if (stillness(seat, nanos.getAsLong()) > 0) {
                        gaveWay.incrementAndGet();
                        seat.giveWay();
                    } else if (channel.isActive() && seat.count(true)) {
                        // Its client was quicker.
                        taken(seat.direction()).incrementAndGet();
                    }
                });
    }

    /// One of them keeps more, or less, of heads that are no requests yet. Those that keep most
    /// give it back when all of them keep too much.
    ///
    /// @param teller which of them, on its event loop
    void keptMore(Seat teller, long bytes, long most) {
        if (kept.addAndGet(bytes) > most && bytes > 0 && givingBack.get() == 0) {
            relieve(teller, most);
        }
    }

    private synchronized void relieve(Seat teller, long most) {
        if (givingBack.get() > 0) {
            return;
        }
        var excess = kept.get() - most + most / SPARE_IS_ONE_IN;
        for (var choice : choices(Seat::kept)) {
            if (excess <= 0) {
                return;
            }
            excess -= choice.much();
            gaveWay.incrementAndGet();
            giveBack(choice.seat(), teller);
        }
    }

    /// At once if it can be: a loop that is in the middle of reading from thousands of others would
    /// get to it too late.
    private void giveBack(Seat seat, Seat teller) {
        givingBack.incrementAndGet();
        Runnable giving =
                () -> {
                    seat.giveBack();
                    givingBack.decrementAndGet();
                };
        var loop = seat.channel().eventLoop();
        if (seat != teller && loop.inEventLoop()) {
            giving.run();
        } else {
            loop.execute(giving);
        }
    }

    /// @param much 0: not this one
    private List<Choice> choices(ToLongFunction<Seat> much) {
        var choices = new ArrayList<Choice>();
        for (var seat : all) {
            var now = much.applyAsLong(seat);
            if (now > 0) {
                choices.add(new Choice(seat, now));
            }
        }
        choices.sort(Comparator.comparingLong(Choice::much).reversed());
        return choices;
    }

    /// How many connections have been closed, or have lost what they kept, for others.
    long gaveWay() {
        return gaveWay.get();
    }
}
