package dev.weft.proxy.outlier;

import dev.weft.proxy.config.OutlierRules;
import dev.weft.proxy.config.OutlierRules.Consecutive;
import dev.weft.proxy.outlier.OutlierMonitor.Run;
import dev.weft.proxy.outlier.OutlierMonitor.Sample;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;

/// Judges the endpoints of one cluster, as Envoy does: who is found worse than the rules allow is
/// ejected for a while, longer each time; how many may be out at once is limited. Time is passed
/// in. Its owner calls it from one thread at a time.
public final class OutlierDetector {
    private static final int WHOLE = 100;

    private final RandomGenerator random;
    private OutlierRules rules;

    public OutlierDetector(OutlierRules rules, RandomGenerator random) {
        this.rules = rules;
        this.random = random;
    }

    /// How one endpoint did in the interval that has ended.
    private record Measured(OutlierMonitor monitor, Sample sample) {}

    /// New rules; who is out stays out for as long as was decided.
    public void follow(OutlierRules rules) {
        this.rules = rules;
    }

    /// An endpoint has failed so often in a row that it may be ejected.
    ///
    /// @param all monitors of the cluster's endpoints
    /// @return whether it was
    public boolean found(
            OutlierMonitor monitor, Run run, Collection<OutlierMonitor> all, long nowNanos) {
        monitor.forget(run);
        Consecutive rule =
                switch (run) {
                    case SERVER_ERRORS -> rules.serverErrors();
                    case GATEWAY_FAILURES -> rules.gatewayFailures();
                    case LOCAL_FAILURES -> rules.localFailures();
                };
        return eject(monitor, rule.enforcing(), all, nowNanos);
    }

    /// Ends ejections whose time is over, and judges the interval that has ended.
    ///
    /// @return whether anybody was ejected or came back
    public boolean sweep(Collection<OutlierMonitor> all, long nowNanos) {
        var changed = false;
        for (var monitor : all) {
            changed |= comesBack(monitor, nowNanos);
        }
        var answers = new ArrayList<Measured>();
        var local = new ArrayList<Measured>();
        for (var monitor : all) {
            answers.add(new Measured(monitor, monitor.answers.take()));
            local.add(new Measured(monitor, monitor.local.take()));
        }
        var rate = rules.successRate();
        var percentage = rules.failurePercentage();
        changed |= judgeRates(answers, rate.enforcing(), all, nowNanos);
        changed |= judgeFailures(answers, percentage.enforcing(), all, nowNanos);
        if (rules.splitLocal()) {
            changed |= judgeRates(local, rate.enforcingLocal(), all, nowNanos);
            changed |= judgeFailures(local, percentage.enforcingLocal(), all, nowNanos);
        }
        return changed;
    }

    /// An endpoint has passed a health check.
    ///
    /// @return whether that brought it back
    public boolean passed(OutlierMonitor monitor) {
        if (!monitor.vitals().isEjected() || !rules.ejection().endsByCheck()) {
            return false;
        }
        monitor.vitals().eject(false);
        monitor.forget();
        return true;
    }

    private boolean comesBack(OutlierMonitor monitor, long nowNanos) {
        var stay = monitor.stay;
        if (!monitor.vitals().isEjected()) {
            stay.times = Math.max(0, stay.times - 1);
            return false;
        }
        if (nowNanos - stay.sinceNanos < stay.lengthNanos) {
            return false;
        }
        monitor.vitals().eject(false);
        monitor.forget();
        return true;
    }

    private boolean judgeRates(
            List<Measured> measured, int enforcing, Collection<OutlierMonitor> all, long nowNanos) {
        var rule = rules.successRate();
        var valid = withVolume(measured, rule.minimumRequests());
        if (enforcing == 0 || valid.isEmpty() || valid.size() < rule.minimumEndpoints()) {
            return false;
        }
        var mean =
                valid.stream().mapToDouble(it -> it.sample().successPercent()).average().orElse(0);
        var variance =
                valid.stream()
                        .mapToDouble(it -> Math.pow(it.sample().successPercent() - mean, 2))
                        .average()
                        .orElse(0);
        var least = mean - rule.deviations() * Math.sqrt(variance);
        var changed = false;
        for (var it : valid) {
            if (it.sample().successPercent() < least) {
                changed |= eject(it.monitor(), enforcing, all, nowNanos);
            }
        }
        return changed;
    }

    private boolean judgeFailures(
            List<Measured> measured, int enforcing, Collection<OutlierMonitor> all, long nowNanos) {
        var rule = rules.failurePercentage();
        var valid = withVolume(measured, rule.minimumRequests());
        if (enforcing == 0 || valid.size() < rule.minimumEndpoints()) {
            return false;
        }
        var changed = false;
        for (var it : valid) {
            if (WHOLE - it.sample().successPercent() >= rule.threshold()) {
                changed |= eject(it.monitor(), enforcing, all, nowNanos);
            }
        }
        return changed;
    }

    private static List<Measured> withVolume(List<Measured> measured, int minimum) {
        return measured.stream()
                .filter(it -> it.sample().total() > 0 && it.sample().total() >= minimum)
                .toList();
    }

    private boolean eject(
            OutlierMonitor monitor, int enforcing, Collection<OutlierMonitor> all, long nowNanos) {
        if (monitor.vitals().isEjected()
                || random.nextInt(WHOLE) >= enforcing
                || !mayEjectOneMore(all)) {
            return false;
        }
        var ejection = rules.ejection();
        var base = ejection.base().toNanos();
        var longest = ejection.longest().toNanos();
        var stay = monitor.stay;
        if (stay.times == 0 || base * stay.times < longest) {
            stay.times++;
        }
        var jitter = ejection.jitter().toNanos();
        stay.sinceNanos = nowNanos;
        stay.lengthNanos =
                Math.min(base * stay.times, longest) + (jitter > 0 ? random.nextLong(jitter) : 0);
        monitor.vitals().eject(true);
        return true;
    }

    private boolean mayEjectOneMore(Collection<OutlierMonitor> all) {
        var out = all.stream().filter(it -> it.vitals().isEjected()).count();
        var ejection = rules.ejection();
        return (out == 0 && ejection.alwaysOne())
                || (out + 1) * WHOLE <= (long) all.size() * ejection.atMostPercent();
    }
}
