package dev.weft.proxy.xds;

import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.control.Backoff;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.identity.ControlPlaneDialer;
import dev.weft.proxy.identity.ControlPlaneDialer.Connection;
import dev.weft.proxy.identity.ControlPlaneDialer.NotReady;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.Channel;
import io.grpc.Status;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Keeps a stream to one control plane open for as long as it is wanted.
///
/// ```
/// waiting ──dialled──▶ open ──ended──▶ waiting (backoff) ──▶ …      close() from anywhere
/// ```
final class Link {
    private static final Logger LOG = System.getLogger(Link.class.getName());

    private final ControlPlane target;
    private final Node node;
    private final Variant<?, ?> variant;
    private final ControlPlaneDialer dialer;
    private final ControlThread control;
    private final Backoff backoff;
    private final Owner owner;

    private @Nullable AdsStream<?, ?> stream;
    private @Nullable Connection connection;
    private ControlThread.@Nullable Timer retry;
    private boolean answered;
    private boolean closed;

    /// What becomes of the link's streams.
    interface Owner {
        /// A stream has been opened: subscribe. Whether the other side accepts it is not known yet.
        void opened(Link link, AdsStream<?, ?> stream);

        void response(Link link, AdsStream<?, ?> stream, Update update);

        void lost(Link link);
    }

    Link(
            ControlPlane target,
            Node node,
            ControlPlaneDialer dialer,
            ControlThread control,
            RandomGenerator random,
            Owner owner) {
        this.target = target;
        this.node = node;
        this.variant = Variant.of(target.variant());
        this.dialer = dialer;
        this.control = control;
        this.backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), random);
        this.owner = owner;
    }

    ControlPlane target() {
        return target;
    }

    @Nullable AdsStream<?, ?> stream() {
        return stream;
    }

    /// Null: there is no connection.
    @Nullable Channel calls() {
        return connection == null ? null : connection.calls();
    }

    /// Whether there is a stream that the other side has not turned down so far.
    boolean established() {
        return stream != null && stream.established();
    }

    void open() {
        if (closed) {
            return;
        }
        try {
            connection = dialer.dial(target);
        } catch (NotReady e) {
            again(e.getMessage());
            return;
        }
        var opened = stream(variant, connection.shown());
        stream = opened;
        opened.open(connection.calls());
        owner.opened(this, opened);
    }

    private <Q, R> AdsStream<Q, R> stream(Variant<Q, R> variant, String shown) {
        return new AdsStream<>(
                node,
                variant,
                new AdsStream.Events() {
                    @Override
                    public void response(Update update) {
                        Link.this.response(update, shown);
                    }

                    @Override
                    public void ended(Status status) {
                        Link.this.ended(status);
                    }
                });
    }

    private void response(Update update, String shown) {
        var open = stream;
        if (open == null) {
            return;
        }
        if (!answered) {
            answered = true;
            backoff.reset();
            LOG.log(Level.INFO, "connected to {0}, showing {1}", target, shown);
        }
        owner.response(this, open, update);
    }

    private void ended(Status status) {
        drop();
        owner.lost(this);
        again(status.getCode() + " " + status.getDescription());
    }

    /// What is in force is no longer what this control plane has sent.
    void forget() {
        variant.forget();
    }

    /// Opens a new stream in place of the one that is open, without waiting: another control plane
    /// has changed what is in force.
    void reopen() {
        forget();
        drop();
        if (retry != null) {
            retry.cancel();
        }
        open();
    }

    void close() {
        closed = true;
        if (retry != null) {
            retry.cancel();
        }
        drop();
    }

    private void drop() {
        answered = false;
        if (stream != null) {
            stream.cancel();
            stream = null;
        }
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    private void again(@Nullable String why) {
        if (closed) {
            return;
        }
        var delay = backoff.next();
        LOG.log(
                Level.WARNING,
                "no stream to {0}: {1}; again in {2} ms",
                target,
                why,
                delay.toMillis());
        retry = control.after(delay, this::open);
    }
}
