package dev.weft.proxy.filter;

import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderEdits.Mode;
import dev.weft.proxy.route.TextMatch;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `envoy.filters.http.cors`: answers what browsers ask before a request to another origin, and
/// tells them which answers a page of another origin may read.
public final class Cors implements HttpFilter {
    /// What a listener has: only routes say what is allowed.
    public static final Cors NO_POLICY =
            new Cors(new Policy(List.of(), "", "", "", "", null, null, null, Fraction.NEVER));

    private static final int GRPC_OK = 0;

    /// Whatever the client asks for.
    private static final String ANY = "*";

    /// Parts that are empty or null are those of the level above; an empty text is a header that is
    /// not sent.
    ///
    /// @param forwards preflights of origins that are not allowed go on to the service, unless told
    ///   otherwise
    public record Policy(
            List<TextMatch> origins,
            String methods,
            String headers,
            String exposed,
            String maxAge,
            @Nullable Boolean credentials,
            @Nullable Boolean privateNetwork,
            @Nullable Boolean forwards,
            Fraction enabled) {
        public Policy {
            origins = List.copyOf(origins);
        }

        private Policy over(Policy outer) {
            return new Policy(
                    origins.isEmpty() ? outer.origins : origins,
                    methods.isEmpty() ? outer.methods : methods,
                    headers.isEmpty() ? outer.headers : headers,
                    exposed.isEmpty() ? outer.exposed : exposed,
                    maxAge.isEmpty() ? outer.maxAge : maxAge,
                    credentials == null ? outer.credentials : credentials,
                    privateNetwork == null ? outer.privateNetwork : privateNetwork,
                    forwards == null ? outer.forwards : forwards,
                    enabled);
        }
    }

    private final Policy policy;
    private final boolean allowsAll;

    public Cors(Policy policy) {
        this.policy = policy;
        this.allowsAll = policy.origins().stream().anyMatch(it -> it.matches(ANY));
    }

    /// As in Envoy a route's policy takes from its virtual host's, and that from the route
    /// configuration's, what it does not say itself.
    public Cors over(Cors outer) {
        return new Cors(policy.over(outer.policy));
    }

    @Override
    public Verdict judge(FilterRequest request) {
        var head = request.head();
        var origin = head.headers().get(HttpHeaderNames.ORIGIN);
        if (request.cluster() == null
                || origin == null
                || origin.isEmpty()
                || !policy.enabled().hits(request.random())) {
            return Verdict.PASS;
        }
        var allowed = allows(origin);
        if (head.method().equals("OPTIONS")
                && head.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD)
                && (allowed || Boolean.FALSE.equals(policy.forwards()))) {
            return new Verdict.Answer(
                    null,
                    HttpResponseStatus.OK,
                    GRPC_OK,
                    "",
                    allowed ? preflight(request, origin) : HeaderEdits.NONE);
        }
        return allowed ? new Verdict.Pass(HeaderEdits.NONE, actual(origin)) : Verdict.PASS;
    }

    private boolean allows(String origin) {
        if (allowsAll) {
            return true;
        }
        for (var allowed : policy.origins()) {
            if (allowed.matches(origin)) {
                return true;
            }
        }
        return false;
    }

    private HeaderEdits preflight(FilterRequest request, String origin) {
        var sets = new ArrayList<HeaderEdits.Edit>();
        forAll(sets, origin);
        set(
                sets,
                "access-control-allow-methods",
                orAsked(policy.methods(), request, "access-control-request-method"));
        set(
                sets,
                "access-control-allow-headers",
                orAsked(policy.headers(), request, "access-control-request-headers"));
        set(sets, "access-control-max-age", policy.maxAge());
        var asked = request.head().headers().get("access-control-request-private-network");
        if (Boolean.TRUE.equals(policy.privateNetwork()) && "true".equals(asked)) {
            set(sets, "access-control-allow-private-network", "true");
        }
        return new HeaderEdits(sets, List.of());
    }

    private static String orAsked(String allowed, FilterRequest request, String header) {
        return allowed.equals(ANY) ? request.head().headers().get(header, "") : allowed;
    }

    private HeaderEdits actual(String origin) {
        var sets = new ArrayList<HeaderEdits.Edit>();
        forAll(sets, origin);
        set(sets, "access-control-expose-headers", policy.exposed());
        return new HeaderEdits(sets, List.of());
    }

    private void forAll(List<HeaderEdits.Edit> sets, String origin) {
        set(sets, "access-control-allow-origin", origin);
        set(
                sets,
                "access-control-allow-credentials",
                Boolean.TRUE.equals(policy.credentials()) ? "true" : "");
    }

    private static void set(List<HeaderEdits.Edit> sets, String name, String value) {
        if (!value.isEmpty()) {
            sets.add(new HeaderEdits.Set(name, value, Mode.OVERWRITE));
        }
    }
}
