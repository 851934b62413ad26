package dev.weft.controlplane.compile;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.weft.controlplane.model.ObjectName;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPQueryParamMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One entry of `matches`.
///
/// @param path kind and value of the path match, which rewriting needs
/// @param headers how many header matches count
record CompiledMatch(RouteMatch envoy, Path path, boolean method, int headers, int queryParams) {

    /// @param value of a prefix: without a slash at its end, so that of `/` is empty
    record Path(Kind kind, String value) {
        enum Kind {
            PREFIX,
            REGEX,
            EXACT
        }
    }

    RankedRoute.Rank rank(Instant created, ObjectName owner, int rule, int match) {
        return new RankedRoute.Rank(
                path.kind().ordinal(),
                path.value().length(),
                method,
                headers,
                queryParams,
                created,
                owner,
                rule,
                match);
    }

    /// The same match as two, for the path itself and for what is below it: then each can have its
    /// matched part, slash included, replaced by one slash.
    List<RouteMatch> withAndWithoutSlash() {
        return List.of(
                envoy.toBuilder().setPath(path.value()).build(),
                envoy.toBuilder().setPrefix(path.value() + "/").build());
    }

    static CompiledMatch of(String place, HTTPRouteMatch match) {
        RouteMatch.Builder envoy = RouteMatch.newBuilder();
        Path path = path(place + ".path", match.getPath(), envoy);
        if (match.getMethod() != null) {
            envoy.addHeaders(
                    HeaderMatcher.newBuilder()
                            .setName(":method")
                            .setStringMatch(exact(match.getMethod())));
        }
        int headers = headers(place + ".headers", match.getHeaders(), envoy);
        int queryParams = queryParams(place + ".queryParams", match.getQueryParams(), envoy);
        return new CompiledMatch(
                envoy.build(), path, match.getMethod() != null, headers, queryParams);
    }

    private static Path path(String place, @Nullable HTTPPathMatch path, RouteMatch.Builder to) {
        String type = path == null || path.getType() == null ? "PathPrefix" : path.getType();
        String value = path == null || path.getValue() == null ? "/" : path.getValue();
        switch (type) {
            case "Exact" -> {
                to.setPath(value);
                return new Path(Path.Kind.EXACT, value);
            }
            case "PathPrefix" -> {
                String prefix = withoutSlashes(value);
                if (prefix.isEmpty()) {
                    to.setPrefix("/");
                } else {
                    to.setPathSeparatedPrefix(prefix);
                }
                return new Path(Path.Kind.PREFIX, prefix);
            }
            case "RegularExpression" -> {
                to.setSafeRegex(regex(place + ".value", value));
                return new Path(Path.Kind.REGEX, value);
            }
            default -> throw unknown(place, type);
        }
    }

    private static String withoutSlashes(String path) {
        int end = path.length();
        while (end > 0 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(0, end);
    }

    private static int headers(String place, List<HTTPHeaderMatch> headers, RouteMatch.Builder to) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < headers.size(); i++) {
            HTTPHeaderMatch header = headers.get(i);
            String at = place + "[" + i + "]";
            String name =
                    UnsupportedRoute.require(header.getName(), at + ".name")
                            .toLowerCase(Locale.ROOT);
            StringMatcher value = value(at, header.getType(), header.getValue());
            if (names.add(name)) { // of several for one name the first counts
                to.addHeaders(HeaderMatcher.newBuilder().setName(name).setStringMatch(value));
            }
        }
        return names.size();
    }

    private static int queryParams(
            String place, List<HTTPQueryParamMatch> params, RouteMatch.Builder to) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < params.size(); i++) {
            HTTPQueryParamMatch param = params.get(i);
            String at = place + "[" + i + "]";
            String name = UnsupportedRoute.require(param.getName(), at + ".name");
            StringMatcher value = value(at, param.getType(), param.getValue());
            if (names.add(name)) {
                to.addQueryParameters(
                        QueryParameterMatcher.newBuilder().setName(name).setStringMatch(value));
            }
        }
        return names.size();
    }

    private static StringMatcher value(
            String place, @Nullable String type, @Nullable String value) {
        String required = UnsupportedRoute.require(value, place + ".value");
        return switch (type == null ? "Exact" : type) {
            case "Exact" -> exact(required);
            case "RegularExpression" ->
                    StringMatcher.newBuilder()
                            .setSafeRegex(regex(place + ".value", required))
                            .build();
            default -> throw unknown(place, type);
        };
    }

    private static StringMatcher exact(String value) {
        return StringMatcher.newBuilder().setExact(value).build();
    }

    private static RegexMatcher regex(String place, String regex) {
        try {
            Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw UnsupportedRoute.value(
                    place,
                    "is \""
                            + regex
                            + "\", which is no regular expression in RE2 syntax ("
                            + e.getDescription()
                            + "): correct it.");
        }
        return RegexMatcher.newBuilder().setRegex(regex).build();
    }

    private static UnsupportedRoute unknown(String place, @Nullable String type) {
        return UnsupportedRoute.value(
                place + ".type",
                "is " + type + ", which Weft does not support: use Exact or RegularExpression.");
    }
}
