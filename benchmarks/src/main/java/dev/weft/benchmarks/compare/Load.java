package dev.weft.benchmarks.compare;

import dev.weft.benchmarks.compare.Client.Slot;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The clients of one case: so many connections, and what they do. Methods are for the thread that
/// measures; all else is on the event loop.
///
/// ```
/// resting <-> saturating (each request is followed by the next)
/// resting <-> atRate (requests are sent when they are due, whatever has become of the others)
/// ```
final class Load implements AutoCloseable, Client.Listener {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /// A proxy's queue for new connections, and its handshakes, are not what is measured.
    private static final int CONNECTING = 50;

    private final EventLoop loop;
    private final Case load;
    private final List<Channel> channels = new ArrayList<>();
    private final ArrayDeque<Slot> idle = new ArrayDeque<>();
    private final ArrayDeque<Long> overdue = new ArrayDeque<>();
    private final int slots;
    private State state = State.RESTING;
    private long answers;
    private long failures;
    private @Nullable String failure;
    private long[] latencies = new long[0];
    private int measured;
    private long nextDue;
    private long interval;
    private long lastDue;

    private enum State {
        RESTING,
        SATURATING,
        AT_RATE
    }

    /// What has happened so far.
    ///
    /// @param failure the first one, or null
    record Tally(long answers, long failures, @Nullable String failure) {}

    /// Connects, and has an answer on each connection.
    Load(EventLoop loop, Case load, int port) {
        this.loop = loop;
        this.load = load;
        this.slots = load.connections() * load.streams();
        var pending = new ArrayList<ChannelFuture>();
        for (int i = 0; i < load.connections(); i++) {
            pending.add(connect(port));
            if (pending.size() == CONNECTING || i == load.connections() - 1) {
                pending.forEach(it -> channels.add(it.syncUninterruptibly().channel()));
                greet(pending.size() * load.streams());
                pending.clear();
            }
        }
    }

    /// One request on each of the slots that were made last.
    private void greet(int slots) {
        long before =
                onLoop(() -> {
                    for (int i = 0; i < slots; i++) {
                        var slot = idle.removeLast();
                        slot.client.send(slot);
                    }
                    return answers;
                });
        awaitInAll(before + slots);
    }

    private ChannelFuture connect(int port) {
        var client = client();
        var connected =
                new Bootstrap()
                        .group(loop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .handler((ChannelInboundHandler) client)
                        .connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        loop.execute(() -> {
            for (int i = 0; i < load.streams(); i++) {
                idle.add(new Slot(client));
            }
        });
        return connected;
    }

    private Client client() {
        return switch (load.protocol()) {
            case HTTP1 -> new Http1Client(load.body(), this);
            case HTTP2 -> new Http2Client(false, load.body(), this);
            case GRPC -> new Http2Client(true, load.body(), this);
            case TCP -> new TcpClient(load.body(), this);
        };
    }

    /// Sends on every slot, again and again, until it rests.
    void saturate() {
        onLoop(() -> {
            state = State.SATURATING;
            for (var slot = idle.poll(); slot != null; slot = idle.poll()) {
                slot.client.send(slot);
            }
            return state;
        });
    }

    Tally tally() {
        return onLoop(() -> new Tally(answers, failures, failure));
    }

    /// Waits until so many more answers have come, or one has failed.
    void awaitAnswers(long more) {
        awaitInAll(tally().answers() + more);
    }

    private void awaitInAll(long wanted) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (var now = tally(); now.answers() < wanted; now = tally()) {
            if (now.failures() > 0) {
                return;
            }
            if (System.nanoTime() > end) {
                onLoop(() -> {
                    failed("answers do not come");
                    return state;
                });
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    /// Requests at a fixed rate. A request's time begins when it is due, so that one that has to
    /// wait for a free connection is not counted as quick.
    ///
    /// @return how long each took, in nanoseconds, in ascending order; without those that did not
    ///   end
    long[] atRate(int perSecond, Duration howLong) {
        onLoop(() -> {
            interval = TimeUnit.SECONDS.toNanos(1) / perSecond;
            nextDue = System.nanoTime();
            lastDue = nextDue + howLong.toNanos();
            latencies = new long[(int) (howLong.toNanos() / interval) + 2];
            measured = 0;
            state = State.AT_RATE;
            tick();
            return state;
        });
        LockSupport.parkNanos(howLong.toNanos());
        rest();
        return onLoop(() -> {
            var all = Arrays.copyOf(latencies, measured);
            Arrays.sort(all);
            return all;
        });
    }

    private void tick() {
        long now = System.nanoTime();
        while (nextDue <= now && nextDue < lastDue) {
            var slot = idle.poll();
            if (slot == null) {
                overdue.add(nextDue);
            } else {
                slot.due = nextDue;
                slot.client.send(slot);
            }
            nextDue += interval;
        }
        if (nextDue < lastDue && state == State.AT_RATE) {
            loop.schedule(this::tick, Math.max(0, nextDue - now), TimeUnit.NANOSECONDS);
        }
    }

    /// Sends no more, and waits for what is under way.
    void rest() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        onLoop(() -> {
            if (state == State.SATURATING) {
                state = State.RESTING;
            }
            return state;
        });
        while (!onLoop(() -> failures > 0 || isDone())) {
            if (System.nanoTime() > end) {
                onLoop(() -> {
                    failed("answers do not come");
                    return state;
                });
                break;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
        onLoop(() -> {
            state = State.RESTING;
            return state;
        });
    }

    private boolean isDone() {
        return idle.size() == slots
                && overdue.isEmpty()
                && (state != State.AT_RATE || nextDue >= lastDue);
    }

    @Override
    public void answered(Slot slot, int bytes) {
        answers++;
        switch (state) {
            case SATURATING -> slot.client.send(slot);
            case RESTING -> idle.add(slot);
            case AT_RATE -> {
                if (measured < latencies.length) {
                    latencies[measured++] = System.nanoTime() - slot.due;
                }
                var due = overdue.poll();
                if (due == null) {
                    idle.add(slot);
                } else {
                    slot.due = due;
                    slot.client.send(slot);
                }
            }
        }
    }

    @Override
    public void failed(String why) {
        failures++;
        if (failure == null) {
            failure = why;
        }
    }

    private <T> T onLoop(Callable<T> task) {
        try {
            return loop.submit(task).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        channels.forEach(Channel::close);
        channels.forEach(channel -> channel.closeFuture().syncUninterruptibly());
    }
}
