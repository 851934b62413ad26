package dev.weft.controlplane.compile;

import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster.ClusterWeight;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeader;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Headers to set, add and remove, on requests and on responses.
record HeaderChanges(Side request, Side response) {
    static final HeaderChanges NONE = new HeaderChanges(Side.NONE, Side.NONE);

    record Side(List<HeaderValueOption> values, List<String> removed) {
        static final Side NONE = new Side(List.of(), List.of());

        static Side of(String place, @Nullable HTTPHeaderFilter filter) {
            HTTPHeaderFilter present = UnsupportedRoute.require(filter, place);
            List<HeaderValueOption> values = new ArrayList<>();
            for (HTTPHeader header : present.getSet()) {
                values.add(value(place, header, HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD));
            }
            for (HTTPHeader header : present.getAdd()) {
                values.add(value(place, header, HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD));
            }
            return new Side(
                    values, present.getRemove().stream().map(name -> name(place, name)).toList());
        }

        /// The host is no header in HTTP/2: what is to be done with it is a rewrite.
        private static String name(String place, String name) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.equals("host") || lower.startsWith(":")) {
                throw UnsupportedRoute.value(
                        place, "changes " + name + ": use a URLRewrite with a hostname instead.");
            }
            if (!HttpSyntax.isToken(name)) {
                throw UnsupportedRoute.value(
                        place, "changes a header whose name has characters that none may have.");
            }
            if (HttpSyntax.framesMessages(lower)) {
                throw UnsupportedRoute.value(
                        place,
                        "changes "
                                + name
                                + ", which says where a message ends or belongs to one connection:"
                                + " leave it out.");
            }
            return lower;
        }

        private static HeaderValueOption value(
                String place, HTTPHeader header, HeaderAppendAction action) {
            if (!HttpSyntax.isFieldValue(header.getValue())) {
                throw UnsupportedRoute.value(
                        place,
                        "has a control character in the value of "
                                + header.getName()
                                + ": remove it.");
            }
            return HeaderValueOption.newBuilder()
                    .setHeader(
                            HeaderValue.newBuilder()
                                    .setKey(name(place, header.getName()))
                                    // Envoy reads % as the start of a variable.
                                    .setValue(header.getValue().replace("%", "%%")))
                    .setAppendAction(action)
                    .build();
        }
    }

    void applyTo(Route.Builder route) {
        route.addAllRequestHeadersToAdd(request.values())
                .addAllRequestHeadersToRemove(request.removed())
                .addAllResponseHeadersToAdd(response.values())
                .addAllResponseHeadersToRemove(response.removed());
    }

    void applyTo(ClusterWeight.Builder cluster) {
        cluster.addAllRequestHeadersToAdd(request.values())
                .addAllRequestHeadersToRemove(request.removed())
                .addAllResponseHeadersToAdd(response.values())
                .addAllResponseHeadersToRemove(response.removed());
    }
}
