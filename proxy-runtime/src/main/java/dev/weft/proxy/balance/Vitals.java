package dev.weft.proxy.balance;

import dev.weft.proxy.config.Balancing.PeakEwma;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What is known of an endpoint over time, by all event loops together. It outlives changes of the
/// configuration for as long as the endpoint stays in its cluster. Any thread.
public final class Vitals {
    private volatile long bornNanos;
    private final AtomicInteger active = new AtomicInteger();
    private volatile boolean ejected;
    private volatile Checked checked = Checked.NEVER;
    private volatile @Nullable PeakLatency latency;

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

    /// When a request is sent.
    ///
    /// @return what [#answered] is to be told; 0: nobody wants to know
    public long sent() {
        var measuring = latency;
        return measuring == null ? 0 : measuring.now();
    }

    /// The head of an answer has come, or nobody waits for it any more.
    ///
    /// @param sent by [#sent]
    public void answered(long sent) {
        var measuring = latency;
        if (measuring != null && sent != 0) {
            measuring.answered(sent);
        }
    }

    /// From now on how long it takes is measured, for all balancers with the same rules together.
    synchronized PeakLatency measure(PeakEwma rules, LongSupplier nanos) {
        var measuring = latency;
        if (measuring == null || !measuring.rules().equals(rules)) {
            measuring = new PeakLatency(rules, nanos);
            latency = measuring;
        }
        return measuring;
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
        /// It has to pass, and counts for nothing until it is known whether it does.
        AWAITED,
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
        return !ejected && checked != Checked.FAILS && checked != Checked.AWAITED;
    }

    /// It takes requests again after a time in which it could not: what it had warmed up may be
    /// gone.
    public void cameBack(long nowNanos) {
        bornNanos = nowNanos;
    }

    /// Since when it takes requests.
    public long bornNanos() {
        return bornNanos;
    }
}
