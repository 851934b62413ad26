package dev.weft.proxy.route;

import com.google.re2j.Pattern;
import dev.weft.proxy.syntax.Tokens;
import org.jspecify.annotations.Nullable;

/// How a forwarded request's path and host change. Null: as it is.
///
/// @param tellsHost a host that changes stays to be seen in `x-forwarded-host`
public record Rewrite(@Nullable PathRewrite path, @Nullable HostRewrite host, boolean tellsHost) {
    public static final Rewrite NONE = new Rewrite(null, null, false);

    /// What a request's target becomes, in the form that the listener wants paths in.
    ///
    /// @return null: it would be no valid target, and must not be sent
    public @Nullable String target(String method, String target, PathPolicy policy) {
        if (path == null) {
            return target;
        }
        var changed = path.apply(target);
        return Tokens.isPath(method, changed)
                        && policy.judge(changed) instanceof PathPolicy.Verdict.Pass(var judged)
                ? judged
                : null;
    }

    /// What a request's host becomes; nobody has looked yet whether it is one.
    ///
    /// @param head by which the route was chosen, with the route's edits made
    /// @return null: it stays, or its endpoint says
    public @Nullable String host(RequestHead head) {
        var changed =
                switch (host) {
                    case HostRewrite.Always(var it) -> it;
                    case HostRewrite.OfHeader(var name) -> head.headers().get(name);
                    case HostRewrite.OfPath(var pattern, var with) ->
                            pattern.matcher(head.pathWithoutQuery()).replaceAll(with);
                    case HostRewrite.OfEndpoint() -> null;
                    case null -> null;
                };
        return changed == null || changed.isEmpty() ? null : changed;
    }

    /// How a host becomes another one.
    public sealed interface HostRewrite {
        record Always(String host) implements HostRewrite {}

        /// The first value of this header.
        record OfHeader(String name) implements HostRewrite {}

        /// What a pattern makes of the path as it came, without its query.
        record OfPath(Pattern pattern, String with) implements HostRewrite {}

        /// The hostname of the endpoint that gets the request, if it has one.
        record OfEndpoint() implements HostRewrite {}
    }

    /// How a path becomes another one.
    public sealed interface PathRewrite {
        String apply(String path);

        /// Parameters that were not looked at stay as far as they are behind the prefix.
        ///
        /// @param length how much of the path the route's prefix matched
        /// @param ignoresParameters it matched the path without its parameters
        record ReplacePrefix(int length, String with, boolean ignoresParameters)
                implements PathRewrite {
            @Override
            public String apply(String path) {
                var matched = ignoresParameters ? PathParameters.endOf(path, length) : length;
                var rest = path.substring(Math.min(matched, RequestHead.endOfPath(path)));
                var end = path.substring(RequestHead.endOfPath(path));
                if (with.endsWith("/") && rest.startsWith("/")) {
                    rest = rest.substring(1);
                }
                var result = with + rest;
                return result.isEmpty() || result.equals(end) ? "/" + end : result;
            }
        }

        /// A query of its own takes the place of the request's.
        record ReplaceWhole(String with) implements PathRewrite {
            @Override
            public String apply(String path) {
                var end = with.indexOf('#');
                var place = end < 0 ? with.length() : end;
                return with.lastIndexOf('?', place) >= 0
                        ? with
                        : with.substring(0, place)
                                + path.substring(RequestHead.endOfPath(path))
                                + with.substring(place);
            }
        }

        record ReplacePattern(Pattern pattern, String with) implements PathRewrite {
            @Override
            public String apply(String path) {
                var end = RequestHead.endOfPath(path);
                return pattern.matcher(path.substring(0, end)).replaceAll(with)
                        + path.substring(end);
            }
        }
    }
}
