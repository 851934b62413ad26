package dev.weft.benchmarks.compare;

import dev.weft.benchmarks.compare.App.Answer;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/// Lets the two take turns, and measures.
final class Bench {
    /// A load generator that is busier than this measures itself.
    private static final double MOST_LOAD = 0.9;

    /// A waiting contestant that compiles uses the core that is measured.
    private static final double MOST_OF_THE_OTHER = 0.02;

    private static final int LOADED = 64;
    private static final int NODE = 8;
    private static final double TICK_SECONDS = 0.02;
    private static final Duration SETTLED = Duration.ofSeconds(3);
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final double MEGABYTE = 1024;

    private final Contestant weft;
    private final Contestant envoy;
    private final App app;
    private final EventLoop loop;
    private final Pace pace;
    private final Consumer<String> progress;

    /// How long and how often.
    ///
    /// @param warmUp how much of a core the proxies use for each protocol before anything counts
    /// @param each how long each of the two measurements of a round takes; the one under as much
    ///   load as goes takes longer where the proxies do not get half of a core, on a busy machine
    ///   or with few connections
    /// @param rate requests a second of the other one
    record Pace(int rounds, Duration warmUp, Duration each, int rate) {}

    Bench(
            Contestant weft,
            Contestant envoy,
            App app,
            EventLoop loop,
            Pace pace,
            Consumer<String> progress) {
        this.weft = weft;
        this.envoy = envoy;
        this.app = app;
        this.loop = loop;
        this.pace = pace;
        this.progress = progress;
    }

    /// Proxies that carry nothing.
    List<Row> idle() {
        var rows = new ArrayList<Row>();
        var ready = new double[2][pace.rounds()];
        var rss = new double[2][pace.rounds()];
        for (int round = 0; round < pace.rounds(); round++) {
            for (int side : order(round)) {
                try (var proxy = contestant(side).startOne(app)) {
                    ready[side][round] = proxy.proxies().getFirst().readyAfter().toNanos() / 1e6;
                    LockSupport.parkNanos(SETTLED.toNanos());
                    rss[side][round] = proxy.rssKilobytes() / MEGABYTE;
                    progress.accept(
                            "%-5s ready after %.0f ms, idle %.0f MB"
                                    .formatted(
                                            contestant(side).name(),
                                            ready[side][round],
                                            rss[side][round]));
                }
            }
        }
        rows.add(Row.of(null, Metric.READY, ready[0], ready[1], List.of()));
        rows.add(Row.of(null, Metric.RSS_IDLE, rss[0], rss[1], List.of()));
        double[] pss = {eighth(weft), eighth(envoy)};
        rows.add(
                Row.of(
                        null,
                        Metric.PSS_EIGHTH,
                        new double[] {pss[0]},
                        new double[] {pss[1]},
                        List.of()));
        return rows;
    }

    private double eighth(Contestant contestant) {
        var node = new ArrayList<Chain>();
        try {
            for (int i = 0; i < NODE; i++) {
                node.add(contestant.startOne(app));
            }
            LockSupport.parkNanos(SETTLED.toNanos());
            double pss = node.getLast().proxies().getFirst().proc().pssKilobytes() / MEGABYTE;
            progress.accept("%-5s the eighth has %.0f MB".formatted(contestant.name(), pss));
            return pss;
        } finally {
            node.forEach(Chain::close);
        }
    }

    /// All cases of one topology, with the same proxies.
    List<Row> loaded(Topology topology, List<Case> cases) {
        var rows = new ArrayList<Row>();
        try (var first = weft.start(topology, app);
                var second = envoy.start(topology, app)) {
            var chains = new Chain[] {first, second};
            for (int side = 0; side < 2; side++) {
                for (var protocol : cases.stream().map(Case::protocol).distinct().toList()) {
                    var warm = new Case(topology, protocol, 1024, LOADED);
                    warmUp(chains[side], warm);
                }
            }
            for (var load : cases) {
                var rounds = List.of(new ArrayList<Round>(), new ArrayList<Round>());
                for (int round = 0; round < pace.rounds(); round++) {
                    for (int side : order(round)) {
                        rounds.get(side)
                                .add(round(contestant(side), chains[side], chains[1 - side], load));
                    }
                }
                rows.addAll(rows(load, rounds.get(0), rounds.get(1)));
            }
        }
        return rows;
    }

    private void warmUp(Chain chain, Case load) {
        app.answer(new Answer(load.protocol(), load.body()));
        try (var clients = new Load(loop, load, chain.port(load.protocol()))) {
            clients.saturate();
            use(chain, pace.warmUp());
            clients.rest();
        }
    }

    private Round round(Contestant contestant, Chain chain, Chain other, Case load) {
        chain.forgetAccessLogs();
        app.answer(new Answer(load.protocol(), load.body()));
        try (var clients = new Load(loop, load, chain.port(load.protocol()))) {
            clients.saturate();
            clients.awaitAnswers(2L * load.connections());
            LockSupport.parkNanos(pace.each().toNanos() / 4);

            var saturated = Usage.begin(chain, other);
            long answers = clients.tally().answers();
            LockSupport.parkNanos(pace.each().toNanos() / 2);
            var dropped = chain.scrape();
            use(chain, pace.each().dividedBy(4));
            LockSupport.parkNanos(pace.each().toNanos() / 2);
            answers = clients.tally().answers() - answers;
            var full = saturated.end(chain, other);
            double rss = chain.rssKilobytes() / MEGABYTE;
            clients.rest();

            var calm = Usage.begin(chain, other);
            var latencies = clients.atRate(pace.rate(), pace.each());
            var atRate = calm.end(chain, other);

            var failure =
                    Optional.ofNullable(clients.tally().failure())
                            .or(() -> dropped)
                            .map(why -> contestant.name() + ": " + why);
            var result =
                    new Round(
                            answers / full.proxySeconds(),
                            rss,
                            1e6 * atRate.proxySeconds() / latencies.length,
                            percentile(latencies, 0.5),
                            percentile(latencies, 0.99),
                            percentile(latencies, 0.999),
                            failure.or(() -> full.overload(contestant)),
                            failure.or(() -> atRate.overload(contestant)));
            progress.accept(
                    "%-5s %s: %,.0f a core-second (proxies %.0f %%, load %.0f %% of a core), p99 %.2f ms%s"
                            .formatted(
                                    contestant.name(),
                                    load,
                                    result.requestsPerCoreSecond(),
                                    100 * full.proxySeconds() / full.seconds(),
                                    100 * full.loadSeconds() / full.seconds(),
                                    result.p99Millis(),
                                    result.saturationVoid()
                                            .map(why -> "; void: " + why)
                                            .orElse("")));
            return result;
        }
    }

    /// Waits until the proxies have used so much processor time, for four times as long at most.
    private static void use(Chain chain, Duration time) {
        long end = System.nanoTime() + 4 * time.toNanos();
        long wanted = chain.cpuMillis() + time.toMillis();
        while (chain.cpuMillis() < wanted && System.nanoTime() < end) {
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }

    private List<Row> rows(Case load, List<Round> weftRounds, List<Round> envoyRounds) {
        var metrics = new ArrayList<>(List.of(Metric.REQUESTS));
        if (load.protocol() == Protocol.TCP) {
            metrics.add(Metric.BYTES);
        }
        metrics.addAll(List.of(Metric.CPU, Metric.P50, Metric.P99, Metric.P99_9));
        if (load.connections() == LOADED) {
            metrics.add(Metric.RSS_LOADED);
        }
        var rows = new ArrayList<Row>();
        for (var metric : metrics) {
            var voids = new ArrayList<Optional<String>>();
            weftRounds.forEach(round -> voids.add(round.voidOf(metric)));
            envoyRounds.forEach(round -> voids.add(round.voidOf(metric)));
            ToDoubleFunction<Round> figure = round -> round.of(metric, load);
            rows.add(
                    Row.of(
                            load,
                            metric,
                            weftRounds.stream().mapToDouble(figure).toArray(),
                            envoyRounds.stream().mapToDouble(figure).toArray(),
                            voids));
        }
        return rows;
    }

    /// ABBA: what gets slower or faster with time does so for both.
    private static int[] order(int round) {
        return round % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0};
    }

    private Contestant contestant(int side) {
        return side == 0 ? weft : envoy;
    }

    private static double percentile(long[] sorted, double share) {
        return sorted.length == 0
                ? Double.NaN
                : sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
                        / 1e6;
    }

    /// What proxies and load generator have used, first so far, then between two moments.
    private record Usage(
            double seconds, double proxySeconds, double otherSeconds, double loadSeconds) {
        static Usage begin(Chain chain, Chain other) {
            return new Usage(
                    System.nanoTime() / 1e9,
                    chain.cpuMillis() / 1e3,
                    other.cpuMillis() / 1e3,
                    Proc.SELF.cpuMillis() / 1e3);
        }

        Usage end(Chain chain, Chain other) {
            var now = begin(chain, other);
            return new Usage(
                    now.seconds - seconds,
                    now.proxySeconds - proxySeconds,
                    now.otherSeconds - otherSeconds,
                    now.loadSeconds - loadSeconds);
        }

        Optional<String> overload(Contestant contestant) {
            if (otherSeconds > MOST_OF_THE_OTHER * seconds + TICK_SECONDS) {
                return Optional.of(
                        String.format(
                                Locale.ROOT,
                                "%s: the waiting proxies used %.0f %% of the core",
                                contestant.name(),
                                100 * otherSeconds / seconds));
            }
            return loadSeconds > MOST_LOAD * seconds
                    ? Optional.of(
                            String.format(
                                    Locale.ROOT,
                                    "%s: the load generator used %.0f %% of its core",
                                    contestant.name(),
                                    100 * loadSeconds / seconds))
                    : Optional.empty();
        }
    }
}
