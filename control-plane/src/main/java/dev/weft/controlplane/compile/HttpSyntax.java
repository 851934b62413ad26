package dev.weft.controlplane.compile;

import java.util.Set;
import java.util.regex.Pattern;

/// What a proxy would refuse in a route configuration, together with all other routes in it.
final class HttpSyntax {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+\\-.^_`|~]+");
    private static final Pattern PATH = Pattern.compile("/[\\x21\\x22\\x24-\\x7e]*");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9\\-._~%!$&'()*+;=:\\[\\]]+");

    /// They say where a message ends, or belong to one connection (RFC 9110, 7.6.1).
    private static final Set<String> FRAMING =
            Set.of(
                    "connection",
                    "content-length",
                    "http2-settings",
                    "keep-alive",
                    "proxy-connection",
                    "te",
                    "trailer",
                    "transfer-encoding",
                    "upgrade");

    private HttpSyntax() {}

    /// @param lower in lower case
    static boolean framesMessages(String lower) {
        return FRAMING.contains(lower);
    }

    static boolean isToken(String text) {
        return TOKEN.matcher(text).matches();
    }

    static boolean isFieldValue(String text) {
        return text.chars().noneMatch(c -> (c < ' ' && c != '\t') || c == 0x7f);
    }

    /// Without a fragment.
    static boolean isPath(String text) {
        return PATH.matcher(text).matches();
    }

    static boolean isHost(String text) {
        return HOST.matcher(text).matches();
    }
}
