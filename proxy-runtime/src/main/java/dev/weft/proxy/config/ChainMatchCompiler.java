package dev.weft.proxy.config;

import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/// Compiles the conditions of filter chains. What it does not know has been refused before.
final class ChainMatchCompiler {
    private static final String WILDCARD = "*.";

    private ChainMatchCompiler() {}

    /// @param place the match's own
    static ChainMatch compile(String place, FilterChainMatch match) {
        return new ChainMatch(
                match.getDestinationPort().getValue(),
                match.getServerNamesList().stream()
                        .map(name -> serverName(place + ".server_names", name))
                        .distinct()
                        .toList(),
                match.getTransportProtocol(),
                match.getApplicationProtocolsList());
    }

    /// As in Envoy, nothing decides between two chains that take the same.
    ///
    /// @param place the listener
    static void checkNoOverlap(String place, List<ChainSpec> chains) {
        for (int i = 1; i < chains.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (chains.get(i).match().overlaps(chains.get(j).match())) {
                    throw Rejected.at(
                            place + ".filter_chains[" + i + "].filter_chain_match",
                            "takes what filter_chains[" + j + "] takes: tell them apart");
                }
            }
        }
    }

    private static String serverName(String place, String name) {
        var host = name.startsWith(WILDCARD) ? name.substring(WILDCARD.length()) : name;
        if (host.indexOf('*') >= 0) {
            throw Rejected.at(
                    place,
                    "'" + name + "': a wildcard stands alone before the first dot: *.example.com");
        }
        if (!mayBeAsked(host)) {
            throw Rejected.at(
                    place,
                    "'"
                            + name
                            + "' is a name that no client asks for: give a host name in ASCII, without"
                            + " a dot at its end");
        }
        return name.toLowerCase(Locale.ROOT);
    }

    private static boolean mayBeAsked(String host) {
        return !host.isEmpty()
                && !host.endsWith(".")
                && StandardCharsets.US_ASCII.newEncoder().canEncode(host)
                && host.chars().noneMatch(c -> c <= ' ' || c == 0x7f);
    }
}
