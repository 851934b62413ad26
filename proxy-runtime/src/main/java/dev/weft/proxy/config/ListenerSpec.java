package dev.weft.proxy.config;

import static java.util.Comparator.naturalOrder;

import dev.weft.proxy.telemetry.Direction;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One listener, compiled.
///
/// @param bind where it accepts by itself; null: it only takes connections handed over by original
///   destination
/// @param restoresDestination whether its connections were redirected: the original destination
///   counts, not the address at which they arrived
/// @param handsOver whether the listener of that original destination, if there is one, takes the
///   connection (Envoy's `use_original_dst`)
/// @param bufferBytes when more than this waits to be sent on one of its connections, whoever
///   writes to it waits
public record ListenerSpec(
        String name,
        Direction direction,
        InetSocketAddress address,
        boolean binds,
        boolean restoresDestination,
        boolean handsOver,
        Sniffing sniffing,
        int bufferBytes,
        List<ChainSpec> chains,
        @Nullable ChainSpec defaultChain) {
    public ListenerSpec {
        chains = List.copyOf(chains);
    }

    /// The chain that takes a connection to `port` on which `seen` was sniffed. As in Envoy the
    /// chains that name the port count, and of those the ones that name the transport, and of those
    /// the ones that name an application protocol; only where nobody names it the ones that leave
    /// it open. There is no way back: what the chains of a port do not take is for the default
    /// chain.
    public Optional<ChainSpec> chainFor(int port, Sniffed seen) {
        var ofPort = isNamed(match -> match.port() == port) ? port : 0;
        var transport =
                isNamed(match -> match.isOf(ofPort, seen.transport())) ? seen.transport() : "";
        ChainSpec best = defaultChain;
        for (var chain : chains) {
            if (chain.match().isOf(ofPort, transport)) {
                if (chain.match().names(seen)) {
                    return Optional.of(chain);
                }
                if (best == defaultChain && chain.match().protocols().isEmpty()) {
                    best = chain;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private boolean isNamed(Predicate<ChainMatch> named) {
        return chains.stream().map(ChainSpec::match).anyMatch(named);
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
