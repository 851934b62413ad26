package dev.weft.e2e.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.e2e.app.LoadReport;
import java.time.Duration;
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
/// @param loadTime from the load's first request to its last
/// @param seconds how long each part took, in their order
/// @param figures measured on the way, never judged
record DemoReport(
        LoadReport load,
        Set<String> clientIds,
        Split split,
        UpgradeFinding upgrade,
        Duration loadTime,
        Map<String, Double> seconds,
        List<Figure> figures) {
    static final int LEAST_MESHED_PODS = 8;
    static final int LEAST_PER_SECOND = 50;

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
                new Proof(
                        "The load was what it should be, all the time",
                        load.finished().size() == 3 && slowest() >= LEAST_PER_SECOND,
                        perSecond()));
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

    private double slowest() {
        return load.finished().values().stream().mapToLong(Long::longValue).min().orElse(0)
                / Math.max(0.001, loadTime.toMillis() / 1000.0);
    }

    private String perSecond() {
        var text = new ArrayList<String>();
        load.finished()
                .forEach((protocol, count) ->
                        text.add(
                                String.format(
                                        Locale.ROOT,
                                        "%s %.0f/s",
                                        protocol,
                                        count / Math.max(0.001, loadTime.toMillis() / 1000.0))));
        return String.join(", ", text);
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
                                load.failed() + load.missing(),
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
