package dev.weft.proxy.route;

import com.google.re2j.Pattern;
import dev.weft.proxy.hash.Hashes;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What of a request ties it to an endpoint, for clusters whose policy hashes: Envoy's
/// `hash_policy`, with Envoy's hashes.
public record HashPolicy(List<Rule> rules) {
    public static final HashPolicy NONE = new HashPolicy(List.of());

    public HashPolicy {
        rules = List.copyOf(rules);
    }

    /// @param terminal what follows counts only if this part finds nothing
    public record Rule(Part part, boolean terminal) {}

    /// One thing that is hashed.
    public sealed interface Part {}

    /// @param pattern rewrites the value before it is hashed; null: as it is
    public record Header(String name, @Nullable Pattern pattern, String with) implements Part {}

    /// @param ttl null: a client without this cookie is not given one; zero: for its session
    /// @param attributes as they stand in `Set-Cookie`, `; ` in front of each
    public record Cookie(String name, @Nullable Duration ttl, String attributes) implements Part {}

    /// The client's address.
    public record SourceAddress() implements Part {}

    /// The value of a parameter of the query.
    public record QueryParameter(String name) implements Part {}

    public boolean isEmpty() {
        return rules.isEmpty();
    }

    /// @param source the client's address as text; null: not known
    /// @param newCookie gets the value of a `Set-Cookie` that the answer shall have
    /// @return [Hashes#NONE] when no part finds anything
    public long keyOf(
            RequestHead head,
            @Nullable String source,
            RandomGenerator random,
            Consumer<String> newCookie) {
        var found = false;
        var key = 0L;
        for (var rule : rules) {
            var text =
                    switch (rule.part()) {
                        case Header header -> headerOf(head, header);
                        case Cookie cookie -> cookieOf(head.headers(), cookie, random, newCookie);
                        case SourceAddress() -> source;
                        case QueryParameter(var name) -> head.parameter(name);
                    };
            if (text != null) {
                key = (found ? Long.rotateLeft(key, 1) : 0) ^ Hashes.xxHash64(text, 0);
                found = true;
                if (rule.terminal()) {
                    break;
                }
            }
        }
        return found ? some(key) : Hashes.NONE;
    }

    /// The key of what has an address and no request.
    ///
    /// @param source the client's address as text; null: not known
    /// @return [Hashes#NONE] if it is not
    public static long keyOf(@Nullable String source) {
        return source == null ? Hashes.NONE : some(Hashes.xxHash64(source, 0));
    }

    private static long some(long key) {
        return key == Hashes.NONE ? Hashes.NONE + 1 : key;
    }

    private static @Nullable String headerOf(RequestHead head, Header header) {
        var value =
                switch (header.name()) {
                    case ":method" -> head.method();
                    case ":path" -> head.path();
                    case ":authority", "host" -> head.authority();
                    default -> joined(head.headers().getAll(header.name()));
                };
        return value == null || header.pattern() == null
                ? value
                : header.pattern().matcher(value).replaceAll(header.with());
    }

    /// The order in which a header's values came must not matter.
    private static @Nullable String joined(List<String> values) {
        if (values.size() <= 1) {
            return values.isEmpty() ? null : values.getFirst();
        }
        var sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return String.join("", sorted);
    }

    private static @Nullable String cookieOf(
            HttpHeaders headers,
            Cookie cookie,
            RandomGenerator random,
            Consumer<String> newCookie) {
        for (var line : headers.getAll(HttpHeaderNames.COOKIE)) {
            for (var pair : line.split(";")) {
                var equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(cookie.name())) {
                    return unquoted(pair.substring(equals + 1).strip());
                }
            }
        }
        if (cookie.ttl() == null) {
            return null;
        }
        var value = HexFormat.of().toHexDigits(random.nextLong());
        var age = cookie.ttl().isZero() ? "" : "; Max-Age=" + cookie.ttl().toSeconds();
        newCookie.accept(
                cookie.name() + "=\"" + value + '"' + age + cookie.attributes() + "; HttpOnly");
        return value;
    }

    private static String unquoted(String value) {
        return value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")
                ? value.substring(1, value.length() - 1)
                : value;
    }
}
