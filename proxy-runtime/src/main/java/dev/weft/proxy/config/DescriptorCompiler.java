package dev.weft.proxy.config;

import dev.weft.proxy.filter.Descriptor;
import dev.weft.proxy.filter.DescriptorLimit;
import dev.weft.proxy.filter.LocalRateLimit.Limits;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import java.util.ArrayList;

/// Compiles the limits that a local rate limit has for some requests.
final class DescriptorCompiler {
    /// As in Envoy.
    private static final int VALUES_TOLD_APART = 20;

    private DescriptorCompiler() {}

    static Limits compile(String place, LocalRateLimit filter) {
        if (filter.getDescriptorsCount() > 0 && filter.getRateLimitsCount() == 0) {
            throw Rejected.at(
                    place,
                    "descriptors need rate_limits in the same message: those of routes and virtual"
                            + " hosts are not supported");
        }
        var sources = new ArrayList<Descriptor.Source>();
        for (int i = 0; i < filter.getRateLimitsCount(); i++) {
            sources.add(source(place + ".rate_limits[" + i + "]", filter.getRateLimits(i)));
        }
        var atMost =
                Unpack.limit(
                        filter.getMaxDynamicDescriptors(),
                        filter.hasMaxDynamicDescriptors(),
                        VALUES_TOLD_APART);
        var limits = new ArrayList<DescriptorLimit>();
        for (int i = 0; i < filter.getDescriptorsCount(); i++) {
            limits.add(
                    limit(
                            place + ".descriptors[" + i + "]",
                            filter.getDescriptors(i),
                            Math.max(1, atMost)));
        }
        return new Limits(
                sources,
                limits,
                !filter.hasAlwaysConsumeDefaultTokenBucket()
                        || filter.getAlwaysConsumeDefaultTokenBucket().getValue());
    }

    private static DescriptorLimit limit(
            String place, LocalRateLimitDescriptor descriptor, int atMost) {
        if (descriptor.getEntriesCount() == 0) {
            throw Rejected.at(place, "needs entries");
        }
        return new DescriptorLimit(
                new Descriptor(
                        descriptor.getEntriesList().stream()
                                .map(it -> new Descriptor.Entry(it.getKey(), it.getValue()))
                                .toList()),
                FilterCompiler.bucketSize(place + ".token_bucket", descriptor.getTokenBucket()),
                atMost);
    }

    private static Descriptor.Source source(String place, RateLimit limit) {
        if (limit.getActionsCount() == 0) {
            throw Rejected.at(place, "needs actions");
        }
        var actions = new ArrayList<Descriptor.Action>();
        for (int i = 0; i < limit.getActionsCount(); i++) {
            actions.add(action(place + ".actions[" + i + "]", limit.getActions(i)));
        }
        return new Descriptor.Source(actions);
    }

    private static Descriptor.Action action(String place, Action action) {
        return switch (action.getActionSpecifierCase()) {
            case GENERIC_KEY -> {
                var it = action.getGenericKey();
                yield new Descriptor.GenericKey(
                        entry(it.getDescriptorKey(), "generic_key", it.getDescriptorValue()));
            }
            case REQUEST_HEADERS -> {
                var it = action.getRequestHeaders();
                yield new Descriptor.RequestHeaders(
                        named(place + ".request_headers.header_name", it.getHeaderName()),
                        named(place + ".request_headers.descriptor_key", it.getDescriptorKey()),
                        it.getSkipIfAbsent());
            }
            case QUERY_PARAMETERS -> {
                var it = action.getQueryParameters();
                yield new Descriptor.QueryParameters(
                        named(
                                place + ".query_parameters.query_parameter_name",
                                it.getQueryParameterName()),
                        named(place + ".query_parameters.descriptor_key", it.getDescriptorKey()),
                        it.getSkipIfAbsent());
            }
            case REMOTE_ADDRESS -> new Descriptor.RemoteAddress("remote_address");
            case DESTINATION_CLUSTER -> new Descriptor.DestinationCluster("destination_cluster");
            case HEADER_VALUE_MATCH -> {
                var it = action.getHeaderValueMatch();
                yield new Descriptor.HeaderValueMatch(
                        entry(it.getDescriptorKey(), "header_match", it.getDescriptorValue()),
                        it.getHeadersList().stream()
                                .map(header -> RouteCompiler.header(place + ".headers", header))
                                .toList(),
                        !it.hasExpectMatch() || it.getExpectMatch().getValue());
            }
            case SOURCE_CLUSTER,
                    DYNAMIC_METADATA,
                    METADATA,
                    EXTENSION,
                    MASKED_REMOTE_ADDRESS,
                    QUERY_PARAMETER_VALUE_MATCH ->
                    throw Rejected.at(
                            place,
                            "not supported: generic_key, request_headers, query_parameters,"
                                    + " remote_address, destination_cluster and header_value_match"
                                    + " are");
            case ACTIONSPECIFIER_NOT_SET -> throw Rejected.at(place, "is not known");
        };
    }

    private static Descriptor.Entry entry(String key, String otherwise, String value) {
        return new Descriptor.Entry(key.isEmpty() ? otherwise : key, value);
    }

    private static String named(String place, String name) {
        if (name.isEmpty()) {
            throw Rejected.at(place, "is missing");
        }
        return name;
    }
}
