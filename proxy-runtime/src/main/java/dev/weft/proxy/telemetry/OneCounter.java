package dev.weft.proxy.telemetry;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;

/// Two counters of the same name, one of which has labels that the other one's series lack. It is
/// no value: a registry has it once, as itself.
final class OneCounter implements Collector {
    private final Counter few;
    private final Counter more;

    OneCounter(Counter few, Counter more) {
        this.few = few;
        this.more = more;
    }

    @Override
    public MetricSnapshot collect() {
        var first = few.collect();
        var points = new ArrayList<CounterDataPointSnapshot>();
        first.getDataPoints().forEach(it -> points.add((CounterDataPointSnapshot) it));
        more.collect().getDataPoints().forEach(it -> points.add((CounterDataPointSnapshot) it));
        return new CounterSnapshot(first.getMetadata(), points);
    }

    @Override
    public String getPrometheusName() {
        return few.getPrometheusName();
    }
}
