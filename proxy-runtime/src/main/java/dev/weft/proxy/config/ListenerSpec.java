package dev.weft.proxy.config;

import static java.util.Comparator.naturalOrder;

import dev.weft.proxy.telemetry.Direction;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One listener, compiled.
///
/// @param addresses where it accepts; the first is `address`, the others are `additional_addresses`
/// @param binds whether it accepts by itself; otherwise it only takes connections handed over whose
///   original destination is one of its addresses
/// @param restoresDestination whether its connections were redirected: the original destination
///   counts, not the address at which they arrived
/// @param handsOver whether the listener of that original destination, if there is one, takes the
///   connection (Envoy's `use_original_dst`)
/// @param bufferBytes when more than this waits to be sent on one of its connections, whoever
///   writes to it waits
public record ListenerSpec(
        String name,
        Direction direction,
        List<InetSocketAddress> addresses,
        boolean binds,
        boolean restoresDestination,
        boolean handsOver,
        Sniffing sniffing,
        int bufferBytes,
        List<ChainSpec> chains,
        @Nullable ChainSpec defaultChain) {
    public ListenerSpec {
        addresses = List.copyOf(addresses);
        chains = List.copyOf(chains);
    }

    /// The chain that takes a connection to `port` on which `seen` was sniffed: the closest one, or
    /// if that does not take it the default one. As in Envoy no other chain is asked then.
    public Optional<ChainSpec> chainFor(int port, Sniffed seen) {
        ChainSpec closest = null;
        var closeness = -1L;
        for (var chain : chains) {
            var its = chain.match().closeness(port, seen);
            if (its > closeness) {
                closest = chain;
                closeness = its;
            }
        }
        return closest != null && closest.match().takes(port, seen)
                ? Optional.of(closest)
                : Optional.ofNullable(defaultChain);
    }

    /// The chain that is, in this version of the listener, what `old` was in another one.
    public Optional<ChainSpec> successorOf(ChainSpec old) {
        if (defaultChain != null && old.match().equals(defaultChain.match())) {
            return Optional.of(defaultChain);
        }
        return chains.stream().filter(chain -> chain.match().equals(old.match())).findFirst();
    }

    /// How long a client may take for the ClientHello by which its chain is chosen: as long as the
    /// most patient of the chains lets a handshake take. Zero: without end.
    public Duration helloTime() {
        var times =
                Stream.concat(chains.stream(), Stream.ofNullable(defaultChain))
                        .map(ChainSpec::tls)
                        .filter(Objects::nonNull)
                        .map(ServerTls::handshake)
                        .toList();
        return times.contains(Duration.ZERO)
                ? Duration.ZERO
                : times.stream().max(naturalOrder()).orElse(ServerTls.USUAL_HANDSHAKE);
    }

    /// Whether anything has to be read before the chain is known.
    public boolean sniffs(int port) {
        return sniffing.sniffsTls(port) || sniffing.sniffsHttp(port);
    }
}
