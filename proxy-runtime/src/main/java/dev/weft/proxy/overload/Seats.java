package dev.weft.proxy.overload;

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

    /// Goes before every time that somebody may have been idle.
    private static final long FIRST = 1L << 62;

    /// To find out who gives way takes a walk over all of them: so many more go in one.
    private static final int SPARE_IS_ONE_IN = 32;

    private final LongSupplier nanos;
    private final Set<Seat> all = ConcurrentHashMap.newKeySet();
    private final AtomicInteger taken = new AtomicInteger();
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
    /// may be, one that is idle gives way to it.
    ///
    /// @return false: there was no room
    boolean take(Seat seat, int most) {
        var within = taken.incrementAndGet() <= most || makeRoom(most);
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

    private synchronized boolean makeRoom(int most) {
        var excess = taken.get() - most;
        if (excess > 0) {
            dismiss(excess + most / SPARE_IS_ONE_IN);
        }
        return taken.get() <= most;
    }

    /// A part of those that are idle gives way.
    void dismissSome() {
        dismiss(1 + taken.get() / SPARE_IS_ONE_IN);
    }

    /// First those that never sent a request, then those whose last one is longest ago.
    private synchronized void dismiss(int count) {
        var now = nanos.getAsLong();
        var left = count;
        for (var choice : choices(seat -> idleness(seat, now))) {
            if (left == 0) {
                return;
            }
            if (leave(choice.seat())) {
                left--;
                close(choice.seat());
            }
        }
    }

    private static long idleness(Seat seat, long now) {
        var nanos = seat.idleNanos(now);
        if (nanos < 0) {
            return 0;
        }
        if (seat.isFresh()) {
            return nanos < FRESH_NANOS ? nanos + 1 : nanos + FIRST;
        }
        return nanos < SERVED_NANOS ? 0 : nanos;
    }

    private boolean leave(Seat seat) {
        var counted = seat.count(false);
        if (counted) {
            taken.decrementAndGet();
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
                    } else if (channel.isActive() && seat.count(true)) {
                        // Its client was quicker.
                        taken.incrementAndGet();
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
