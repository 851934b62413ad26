package dev.weft.benchmarks.compare;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The proxies of one contestant between client and application, the client's first.
///
/// @param ports where the client finds them; HTTP/2 and gRPC share one
/// @param metricsPorts where their Prometheus metrics are, on the path `metricsPath`
record Chain(
        List<ProxyProcess> proxies,
        Map<Protocol, Integer> ports,
        List<Integer> metricsPorts,
        String metricsPath,
        AutoCloseable rest)
        implements AutoCloseable {
    /// Weft's proxy counts them; Envoy drops none.
    private static final String DROPPED = "weft_access_log_dropped_lines ";

    long cpuMillis() {
        return proxies.stream().mapToLong(proxy -> proxy.proc().cpuMillis()).sum();
    }

    /// Of the larger of them.
    long rssKilobytes() {
        return proxies.stream().mapToLong(proxy -> proxy.proc().rssKilobytes()).max().orElseThrow();
    }

    int port(Protocol protocol) {
        var port = ports.get(protocol);
        if (port == null) {
            throw new IllegalArgumentException("no port for " + protocol);
        }
        return port;
    }

    /// Somebody always reads the metrics.
    ///
    /// @return what a proxy has left out of its access log
    Optional<String> scrape() {
        var dropped = Optional.<String>empty();
        for (int port : metricsPorts) {
            var metrics = ProxyProcess.get(port, metricsPath);
            if (!metrics.contains("# TYPE")) {
                throw new IllegalStateException("a proxy tells no metrics");
            }
            if (dropped.isEmpty()) {
                dropped =
                        metrics.lines()
                                .filter(line -> line.startsWith(DROPPED))
                                .filter(line -> !line.matches(".* 0(\\.0)?"))
                                .findFirst();
            }
        }
        return dropped;
    }

    void forgetAccessLogs() {
        proxies.forEach(ProxyProcess::forgetAccessLog);
    }

    @Override
    public void close() {
        proxies.forEach(ProxyProcess::close);
        try {
            rest.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
