package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshModel;
import dev.weft.controlplane.model.MeshRoute;
import dev.weft.controlplane.model.ObjectName;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import java.util.ArrayList;
import java.util.List;

/// Compiles the rules of one HTTPRoute.
final class RouteRules {
    private static final int NO_BACKEND = 500;

    private final MeshRoute owner;
    private final RouteBackends backends;

    private RouteRules(MeshRoute owner, RouteBackends backends) {
        this.owner = owner;
        this.backends = backends;
    }

    /// What an HTTPRoute's rules come to.
    sealed interface Outcome {
        /// @param resolved whether each backend was found; the share of one that was not answers
        ///   500
        record Usable(List<RankedRoute> routes, Finding resolved) implements Outcome {}

        record Unusable(Finding why, Finding resolved) implements Outcome {}
    }

    static Outcome compile(MeshRoute route, MeshModel model) {
        RouteBackends backends = new RouteBackends(route.name(), model);
        try {
            List<RankedRoute> routes = new RouteRules(route, backends).rules();
            return new Outcome.Usable(routes, backends.resolved());
        } catch (UnsupportedRoute unsupported) {
            return new Outcome.Unusable(unsupported.asFinding(), backends.resolved());
        }
    }

    private List<RankedRoute> rules() {
        List<RankedRoute> routes = new ArrayList<>();
        List<HTTPRouteRule> rules = owner.spec().getRules();
        for (int i = 0; i < rules.size(); i++) {
            routes.addAll(rule(i, rules.get(i)));
        }
        return routes;
    }

    private List<RankedRoute> rule(int index, HTTPRouteRule rule) {
        String place = "spec.rules[" + index + "]";
        refuseExperimental(place, rule);
        List<HTTPRouteMatch> matches =
                rule.getMatches().isEmpty() ? List.of(new HTTPRouteMatch()) : rule.getMatches();
        List<RankedRoute> routes = new ArrayList<>();
        for (int i = 0; i < matches.size(); i++) {
            CompiledMatch match = CompiledMatch.of(place + ".matches[" + i + "]", matches.get(i));
            RankedRoute.Rank rank = match.rank(owner.created(), owner.name(), index, i);
            route(place, index, rule, match)
                    .forEach(route -> routes.add(new RankedRoute(rank, route)));
        }
        return routes;
    }

    private static void refuseExperimental(String place, HTTPRouteRule rule) {
        if (rule.getRetry() != null) {
            throw UnsupportedRoute.value(
                    place + ".retry",
                    "is not supported: remove it; Weft retries by itself what is safe to retry.");
        }
        if (rule.getSessionPersistence() != null) {
            throw UnsupportedRoute.value(
                    place + ".sessionPersistence", "is not supported: remove it.");
        }
    }

    private List<Route> route(String place, int index, HTTPRouteRule rule, CompiledMatch match) {
        RouteFilters filters = RouteFilters.of(place + ".filters", rule.getFilters(), match);
        Route.Builder route = Route.newBuilder().setName(name(owner.name(), index));
        filters.headers().applyTo(route);
        act(place, rule, filters, route);
        return filters.matches().stream()
                .map(matched -> route.clone().setMatch(matched).build())
                .toList();
    }

    private void act(String place, HTTPRouteRule rule, RouteFilters filters, Route.Builder route) {
        if (filters.redirect() != null) {
            if (!rule.getBackendRefs().isEmpty()) {
                throw UnsupportedRoute.incompatible(
                        place, "has a RequestRedirect and backendRefs: remove one of them.");
            }
            route.setRedirect(filters.redirect());
            return;
        }
        RouteAction.Builder action = backends.action(place, rule.getBackendRefs());
        if (action == null) {
            route.setDirectResponse(DirectResponseAction.newBuilder().setStatus(NO_BACKEND));
            return;
        }
        filters.rewrite(action);
        RouteTimeouts.apply(place + ".timeouts", rule.getTimeouts(), action);
        route.setRoute(action);
    }

    private static String name(ObjectName owner, int rule) {
        return owner + "/" + rule;
    }
}
