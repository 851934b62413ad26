package dev.weft.proxy.config;

import java.util.Collections;
import java.util.List;

/// The condition of a filter chain. Zero and empty mean any.
///
/// @param serverNames in lower case; `*.example.com` is for every name that ends in `.example.com`
///   and has something before that
public record ChainMatch(
        int port, List<String> serverNames, String transport, List<String> protocols) {
    public static final ChainMatch ANY = new ChainMatch(0, List.of(), "", List.of());

    /// How well a criterion fits; more is more specific.
    private static final int MISSES = 0;

    private static final int ASKS_NOTHING = 1;
    private static final int NAMES_IT = 2;

    /// Room for the length of a name and the number of protocols of a ClientHello.
    private static final int DIGIT_BITS = 16;

    private static final String WILDCARD = "*.";

    public ChainMatch {
        serverNames = List.copyOf(serverNames);
        protocols = List.copyOf(protocols);
    }

    boolean takes(int port, Sniffed seen) {
        return portFit(port) != MISSES
                && nameFit(seen.serverName()) != MISSES
                && transportFit(seen.transport()) != MISSES
                && protocolFit(seen.protocols()) != MISSES;
    }

    /// How closely it fits: a number with a digit for each criterion, in Envoy's order. Of a
    /// listener's chains only the closest may take the connection. So one that names the port keeps
    /// it from all that do not, whatever else they ask for; among those that name the port one that
    /// names the server does the same, and so on.
    long closeness(int port, Sniffed seen) {
        long fit = portFit(port);
        fit = fit << DIGIT_BITS | nameFit(seen.serverName());
        fit = fit << DIGIT_BITS | transportFit(seen.transport());
        return fit << DIGIT_BITS | protocolFit(seen.protocols());
    }

    /// Whether there is something that both take and neither is closer to.
    boolean overlaps(ChainMatch other) {
        return port == other.port
                && transport.equals(other.transport)
                && share(serverNames, other.serverNames)
                && share(protocols, other.protocols);
    }

    private int portFit(int asked) {
        return port == 0 ? ASKS_NOTHING : port == asked ? NAMES_IT : MISSES;
    }

    /// The more of the name is told, the closer.
    private int nameFit(String asked) {
        if (serverNames.isEmpty()) {
            return ASKS_NOTHING;
        }
        var told = 0;
        for (var name : serverNames) {
            told = Math.max(told, told(name, asked));
        }
        return told == 0 ? MISSES : ASKS_NOTHING + told;
    }

    /// How many characters of what is asked for the name tells.
    private static int told(String name, String asked) {
        if (!name.startsWith(WILDCARD)) {
            return name.equals(asked) ? name.length() : 0;
        }
        var told = name.length() - 1;
        return asked.length() > told && asked.regionMatches(asked.length() - told, name, 1, told)
                ? told
                : 0;
    }

    private int transportFit(String asked) {
        return transport.isEmpty() ? ASKS_NOTHING : transport.equals(asked) ? NAMES_IT : MISSES;
    }

    /// What a client names first it wants most.
    private int protocolFit(List<String> asked) {
        if (protocols.isEmpty()) {
            return ASKS_NOTHING;
        }
        for (int i = 0; i < asked.size(); i++) {
            if (protocols.contains(asked.get(i))) {
                return ASKS_NOTHING + asked.size() - i;
            }
        }
        return MISSES;
    }

    private static boolean share(List<String> some, List<String> others) {
        return some.isEmpty() ? others.isEmpty() : !Collections.disjoint(some, others);
    }
}
