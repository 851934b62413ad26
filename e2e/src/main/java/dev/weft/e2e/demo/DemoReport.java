package dev.weft.e2e.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.e2e.app.LoadReport;
import dev.weft.e2e.app.Pace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// What came out of the demo. Pure: the page and the JSON are made from it.
///
/// @param clientIds the SPIFFE ids that the load's clients must have
/// @param loadBegan when all load generators ran at their full rate
/// @param loadEnded when they were told to end
/// @param seconds how long each part took, in their order
/// @param figures measured on the way, never judged
record DemoReport(
        LoadReport load,
        Set<String> clientIds,
        Split split,
        UpgradeFinding upgrade,
        Instant loadBegan,
        Instant loadEnded,
        Map<String, Double> seconds,
        List<Figure> figures) {
    static final int LEAST_MESHED_PODS = 8;

    /// Requests a second of each protocol, on average.
    static final int LEAST_PER_SECOND = 50;

    /// The same in the worst five seconds. The difference is tolerance: a load generator that gets
    /// no processor for a second sends late, and makes up for it in the next five.
    static final int LEAST_IN_A_WINDOW = 40;

    private static final double FRESH_SHARE = 1 / 3.0;
    private static final double FRESH_TOLERANCE = 0.02;

    /// Seconds in which load generators' clocks may differ from ours.
    private static final Duration CLOCKS = Duration.ofSeconds(2);

    /// A measured figure.
    record Figure(String name, String value) {}

    List<Proof> proofs() {
        var proofs = new ArrayList<Proof>();
        proofs.add(
                new Proof(
                        "No request failed, none was retried by its client",
                        load.failed() == 0
                                && load.running() == 0
                                && load.finishedInAll() == load.issued(),
                        answered()));
        proofs.add(
                new Proof(
                        "Each reached exactly one server, once",
                        load.missing() == 0 && load.duplicates() == 0 && load.unexpected() == 0,
                        "%,d missing, %,d twice, %,d unknown"
                                .formatted(load.missing(), load.duplicates(), load.unexpected())));
        proofs.add(
                new Proof("The load was what it should be, all the time", steady(), perSecond()));
        proofs.add(
                new Proof(
                        "Calls between meshed pods were on mutual TLS",
                        load.meshedCalls() > 0
                                && load.mtlsCalls() == load.meshedCalls()
                                && load.peers().equals(clientIds),
                        "%,d of %,d, by %s"
                                .formatted(
                                        load.mtlsCalls(),
                                        load.meshedCalls(),
                                        String.join(", ", new TreeSet<>(load.peers())))));
        proofs.add(
                new Proof(
                        "HTTPRoute split %.0f/%.0f"
                                .formatted(split.wantedPercent(), 100 - split.wantedPercent()),
                        split.held(),
                        String.format(
                                Locale.ROOT,
                                "%.1f/%.1f of %,d requests on kept-alive connections",
                                split.measuredPercent(),
                                100 - split.measuredPercent(),
                                split.requests())));
        int pods = upgrade.pods().size();
        proofs.add(
                new Proof(
                        "Every proxy says itself that it runs %s, in the pod that ran %s"
                                .formatted(upgrade.to(), upgrade.from()),
                        pods >= LEAST_MESHED_PODS && upgrade.inPlace() == pods,
                        "%d of %d upgraded in place".formatted(upgrade.inPlace(), pods)));
        proofs.add(
                new Proof(
                        "Every proxy was carrying traffic when it was patched",
                        pods > 0 && upgrade.underTraffic() == pods,
                        "%d of %d".formatted(upgrade.underTraffic(), pods)));
        proofs.add(
                new Proof(
                        "No application restarted",
                        upgrade.appRestarts() == 0,
                        upgrade.appRestarts() + " restarts"));
        return proofs;
    }

    boolean proved() {
        return proofs().stream().allMatch(Proof::held);
    }

    private String answered() {
        var text = "%,d sent, %,d failed".formatted(load.issued(), load.failed());
        long open = load.issued() - load.finishedInAll();
        if (open > 0) {
            text += ", %,d without an end".formatted(open);
        }
        return load.running() == 0
                ? text
                : text + ", %d load generators without a last word".formatted(load.running());
    }

    private boolean steady() {
        return least(load.pace().mean(from(), to())) >= LEAST_PER_SECOND
                && least(load.pace().slowest(from(), to())) >= LEAST_IN_A_WINDOW
                && Math.abs(load.pace().freshShare(from(), to()) - FRESH_SHARE) <= FRESH_TOLERANCE;
    }

    private static double least(Map<String, Double> ofEach) {
        return ofEach.values().stream().mapToDouble(Double::doubleValue).min().orElse(0);
    }

    private Instant from() {
        return loadBegan.plus(CLOCKS);
    }

    private Instant to() {
        return loadEnded.minus(CLOCKS);
    }

    private String perSecond() {
        var slowest = load.pace().slowest(from(), to());
        var text = new ArrayList<String>();
        load.pace()
                .mean(from(), to())
                .forEach((protocol, mean) ->
                        text.add(
                                String.format(
                                        Locale.ROOT,
                                        "%s %.1f/s (worst %d s: %.1f/s)",
                                        protocol,
                                        mean,
                                        Pace.WINDOW.toSeconds(),
                                        slowest.get(protocol))));
        return String.join(", ", text)
                + String.format(
                        Locale.ROOT,
                        "; %.1f %% on new connections",
                        100 * load.pace().freshShare(from(), to()));
    }

    String toJson() {
        var byProtocol = new LinkedHashMap<String, Object>();
        load.finished()
                .forEach((protocol, count) ->
                        byProtocol.put(
                                protocol,
                                ordered(
                                        "sent",
                                        count,
                                        "failed",
                                        load.failedByProtocol().getOrDefault(protocol, 0L))));
        var json =
                ordered(
                        "requests",
                        ordered(
                                "sent",
                                load.issued(),
                                "failed",
                                load.wrong(),
                                "byProtocol",
                                byProtocol),
                        "mtls",
                        ordered(
                                "share",
                                load.mtlsShare(),
                                "clientIds",
                                new TreeSet<>(load.peers())),
                        "split",
                        ordered(
                                "wanted",
                                split.wantedPercent(),
                                "measured",
                                Math.round(split.measuredPercent() * 100) / 100.0),
                        "upgrade",
                        ordered(
                                "from",
                                upgrade.from(),
                                "to",
                                upgrade.to(),
                                "seconds",
                                upgrade.took().toMillis() / 1000.0,
                                "appRestarts",
                                upgrade.appRestarts(),
                                "proxiesUpgradedInPlace",
                                upgrade.inPlace(),
                                "longestHoldMillis",
                                upgrade.longestHold().toMillis()),
                        "seconds",
                        seconds);
        try {
            return new ObjectMapper().writeValueAsString(json);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
