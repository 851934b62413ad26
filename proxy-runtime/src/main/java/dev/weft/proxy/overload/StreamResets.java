package dev.weft.proxy.overload;

import io.netty.channel.EventLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// Ends those who hold most of the memory while it is short, as [ResetRules] say. First go those
/// that are stuck: nobody takes what is held for them. Those that move go only when all classes are
/// ended, and half of the way back.
///
/// ```
/// idle -> every event loop looks at its own connections -> some are ended -> idle
/// ```
final class StreamResets {
    private static final Logger LOG = System.getLogger(StreamResets.class.getName());

    /// Who has not got rid of a part of what it holds for so long is stuck.
    private static final long STUCK_NANOS = Duration.ofSeconds(2).toNanos();

    /// That part.
    private static final int MOVES_ARE_ONE_IN = 8;

    /// Where all of them together hold less than this part of the memory, it is not they who make
    /// it short.
    private static final int CAUSE_IS_ONE_IN = 8;

    private final Seats seats;
    private final Pressure pressure;
    private final LongSupplier nanos;
    private final AtomicLong resets = new AtomicLong();

    /// Until the last event loop has looked.
    private volatile boolean looking;

    /// Those that were there at the last look. Used by one thread after the other, as [#looking]
    /// says.
    private Map<Account, Mark> marks = Map.of();

    private volatile long told = -1;

    /// How an account was when it moved last.
    ///
    /// @param bytes the most that it has held since
    private record Mark(long bytes, long since) {
        Mark next(long now, long nanos) {
            return now <= bytes - Math.max(1, bytes / MOVES_ARE_ONE_IN)
                    ? new Mark(now, nanos)
                    : new Mark(Math.max(now, bytes), since);
        }
    }

    private record Candidate(EventLoop loop, Account account, long bytes) {}

    private record Choice(Candidate candidate, boolean stuck, int memoryClass, long stillNanos) {}

    /// How much has to go.
    ///
    /// @param share of the memory for buffers that is in use
    /// @param mostBytes all of that memory
    private record Need(ResetRules rules, double share, long mostBytes) {
        long excess(double above) {
            return Math.max(1, (long) ((share - above) * mostBytes));
        }
    }

    StreamResets(Seats seats, Pressure pressure, LongSupplier nanos) {
        this.seats = seats;
        this.pressure = pressure;
        this.nanos = nanos;
    }

    /// How many have been ended.
    long count() {
        return resets.get();
    }

    /// On one thread.
    void look(OverloadRules overload) {
        if (looking) {
            return;
        }
        var rules = overload.resets();
        var share = pressure.buffers(overload.maxHeapBytes());
        if (!rules.isActive(share)) {
            marks = Map.of();
            tellEnd(share);
            return;
        }
        var byLoop = new HashMap<EventLoop, List<Seat>>();
        for (var seat : seats.all()) {
            byLoop.computeIfAbsent(seat.channel().eventLoop(), _ -> new ArrayList<>()).add(seat);
        }
        var found = new ConcurrentLinkedQueue<Candidate>();
        var left = new AtomicInteger(byLoop.size());
        looking = !byLoop.isEmpty();
        byLoop.forEach((loop, own) ->
                loop.execute(() -> {
                    try {
                        lookAt(own, loop, found, rules);
                    } finally {
                        if (left.decrementAndGet() == 0) {
                            // Those that have been ended before are gone by now.
                            looked(found, need(overload));
                        }
                    }
                }));
    }

    private Need need(OverloadRules overload) {
        var most = overload.maxHeapBytes();
        return new Need(overload.resets(), pressure.buffers(most), pressure.mostBuffers(most));
    }

    private static void lookAt(
            List<Seat> own, EventLoop loop, Queue<Candidate> found, ResetRules rules) {
        for (var seat : own) {
            seat.accounts(account -> {
                var bytes = account.heldBytes();
                if (rules.classOf(bytes) >= 0) {
                    found.add(new Candidate(loop, account, bytes));
                }
            });
        }
    }

    private void looked(Collection<Candidate> found, Need need) {
        try {
            choose(found, need);
        } finally {
            looking = false;
        }
    }

    private void choose(Collection<Candidate> found, Need need) {
        var now = nanos.getAsLong();
        var seen = new IdentityHashMap<Account, Mark>();
        var choices = new ArrayList<Choice>();
        var held = 0L;
        for (var candidate : found) {
            held += candidate.bytes();
            var before = marks.get(candidate.account());
            var mark =
                    before == null
                            ? new Mark(candidate.bytes(), now)
                            : before.next(candidate.bytes(), now);
            seen.put(candidate.account(), mark);
            var still = now - mark.since();
            var memoryClass = need.rules().classOf(candidate.bytes());
            if (need.rules().isActive(need.share())
                    && memoryClass >= need.rules().leastClass(need.share())) {
                choices.add(new Choice(candidate, still >= STUCK_NANOS, memoryClass, still));
            }
        }
        marks = seen;
        if (held < need.mostBytes() / CAUSE_IS_ONE_IN) {
            return;
        }
        choices.sort(
                Comparator.comparing(Choice::stuck)
                        .thenComparing(Choice::memoryClass)
                        .thenComparing(Choice::stillNanos)
                        .reversed());
        reset(choices, need);
    }

    private void reset(List<Choice> choices, Need need) {
        var ofStuck = need.excess(need.rules().scaling());
        var ofMoving = need.excess(need.rules().middle());
        var freed = 0L;
        for (var choice : choices) {
            var moves = !choice.stuck();
            if (freed >= (moves ? ofMoving : ofStuck)
                    || (moves && !need.rules().isSaturated(need.share()))) {
                break;
            }
            freed += choice.candidate().bytes();
            tellBegin(need);
            var chosen = choice.candidate();
            chosen.loop().execute(() -> reset(chosen.account(), need.rules()));
        }
    }

    /// It may have got rid of it meanwhile.
    private void reset(Account account, ResetRules rules) {
        if (rules.classOf(account.heldBytes()) >= 0) {
            resets.incrementAndGet();
            account.reset();
        }
    }

    private void tellBegin(Need need) {
        if (told < 0) {
            told = resets.get();
            LOG.log(
                    Level.WARNING,
                    "{0} % of the memory is in use: from {1} % on those who hold most of it are"
                            + " ended",
                    Math.round(need.share() * 100),
                    Math.round(need.rules().scaling() * 100));
        }
    }

    private void tellEnd(double share) {
        if (told >= 0) {
            LOG.log(
                    Level.WARNING,
                    "{0} % of the memory is in use: {1} have been ended who held most of it",
                    Math.round(share * 100),
                    resets.get() - told);
            told = -1;
        }
    }
}
