package dev.weft.proxy.balance;

import java.util.concurrent.atomic.AtomicInteger;

/// What is known of an endpoint over time, by all event loops together. It outlives changes of the
/// configuration for as long as the endpoint stays in its cluster. Any thread.
public final class Vitals {
    private final long bornNanos;
    private final AtomicInteger active = new AtomicInteger();
    private volatile boolean ejected;
    private volatile Checked checked = Checked.NEVER;

    /// @param bornNanos when the endpoint was first heard of, by the balancer's clock
    public Vitals(long bornNanos) {
        this.bornNanos = bornNanos;
    }

    /// Requests and opaque connections that it has now.
    public int active() {
        return active.get();
    }

    public void began() {
        active.incrementAndGet();
    }

    public void ended() {
        active.decrementAndGet();
    }

    /// Whether it is out for a while because of how it answered.
    public boolean isEjected() {
        return ejected;
    }

    /// Takes effect with the next [LoadBalancer] that is built.
    public void eject(boolean out) {
        ejected = out;
    }

    /// What its health checks have come to.
    public enum Checked {
        /// It is taken to be well.
        NEVER,
        PASSES,
        /// It passes, and says that others should be preferred.
        DEGRADED,
        FAILS
    }

    public Checked checked() {
        return checked;
    }

    /// Takes effect with the next [LoadBalancer] that is built.
    public void checked(Checked now) {
        checked = now;
    }

    /// Whether neither its answers nor its health checks speak against it.
    boolean isWell() {
        return !ejected && checked != Checked.FAILS;
    }

    long bornNanos() {
        return bornNanos;
    }
}
