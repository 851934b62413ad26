package dev.weft.proxy.config;

import com.google.protobuf.UInt32Value;
import dev.weft.proxy.filter.Descriptor;
import dev.weft.proxy.filter.DescriptorLimit;
import dev.weft.proxy.filter.LocalRateLimit.Descriptions;
import dev.weft.proxy.filter.LocalRateLimit.Limits;
import dev.weft.proxy.filter.LocalRateLimit.OfRoute;
import dev.weft.proxy.filter.LocalRateLimit.Own;
import dev.weft.proxy.filter.RouteDescriptors.OfHost;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import java.util.ArrayList;
import java.util.List;

/// Compiles the limits that a local rate limit has for some requests, and who says which requests
/// these are: the filter, or routes and virtual hosts.
final class DescriptorCompiler {
    /// As in Envoy.
    private static final int VALUES_TOLD_APART = 20;

    private static final int LAST_STAGE = 10;
    private static final long MOST_HITS = 1_000_000_000;
    private static final int V4_BITS = 32;
    private static final int V6_BITS = 128;

    private DescriptorCompiler() {}

    static Limits limits(String place, LocalRateLimit filter) {
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
                descriptions(place, filter),
                limits,
                !filter.hasAlwaysConsumeDefaultTokenBucket()
                        || filter.getAlwaysConsumeDefaultTokenBucket().getValue());
    }

    private static Descriptions descriptions(String place, LocalRateLimit filter) {
        var stage = stage(place, filter.getStage());
        var ofHost =
                switch (filter.getVhRateLimits()) {
                    case OVERRIDE -> OfHost.OVERRIDE;
                    case INCLUDE -> OfHost.INCLUDE;
                    case IGNORE -> OfHost.IGNORE;
                    case UNRECOGNIZED -> throw Rejected.at(place, "vh_rate_limits is not known");
                };
        if (filter.getRateLimitsCount() == 0) {
            return new OfRoute(stage, ofHost);
        }
        var sources = new ArrayList<Descriptor.Source>();
        for (int i = 0; i < filter.getRateLimitsCount(); i++) {
            var limit = filter.getRateLimits(i);
            var where = place + ".rate_limits[" + i + "]";
            if (limit.hasStage()) {
                throw Rejected.at(
                        where,
                        "stage is only for rate_limits of routes and virtual hosts: leave it out");
            }
            sources.add(source(where, limit, tokens(where, limit)));
        }
        return new Own(sources);
    }

    private static long tokens(String place, RateLimit limit) {
        if (!limit.hasHitsAddend() || !limit.getHitsAddend().hasNumber()) {
            return 1;
        }
        var number = limit.getHitsAddend().getNumber().getValue();
        if (number < 0 || number > MOST_HITS) {
            throw Rejected.at(place + ".hits_addend", "number must be between 0 and " + MOST_HITS);
        }
        return number;
    }

    /// Of a route or a virtual host.
    static List<Descriptor.Source> sources(String place, List<RateLimit> limits) {
        var sources = new ArrayList<Descriptor.Source>();
        for (int i = 0; i < limits.size(); i++) {
            var where = place + ".rate_limits[" + i + "]";
            if (limits.get(i).hasHitsAddend()) {
                throw Rejected.at(
                        where, "hits_addend is only for a filter's own rate_limits, as in Envoy");
            }
            sources.add(source(where, limits.get(i), 1));
        }
        return sources;
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

    private static Descriptor.Source source(String place, RateLimit limit, long tokens) {
        if (limit.getActionsCount() == 0) {
            throw Rejected.at(place, "needs actions");
        }
        var actions = new ArrayList<Descriptor.Action>();
        for (int i = 0; i < limit.getActionsCount(); i++) {
            actions.add(action(place + ".actions[" + i + "]", limit.getActions(i)));
        }
        return new Descriptor.Source(actions, stage(place, limit.getStage().getValue()), tokens);
    }

    private static int stage(String place, int stage) {
        if (stage < 0 || stage > LAST_STAGE) {
            throw Rejected.at(place, "stage must be between 0 and " + LAST_STAGE);
        }
        return stage;
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
                if (it.getHeadersCount() == 0) {
                    throw Rejected.at(place + ".header_value_match", "needs headers");
                }
                yield new Descriptor.HeaderValueMatch(
                        entry(it.getDescriptorKey(), "header_match", it.getDescriptorValue()),
                        it.getHeadersList().stream()
                                .map(header -> RouteCompiler.header(place + ".headers", header))
                                .toList(),
                        !it.hasExpectMatch() || it.getExpectMatch().getValue());
            }
            case QUERY_PARAMETER_VALUE_MATCH -> {
                var it = action.getQueryParameterValueMatch();
                var where = place + ".query_parameter_value_match";
                if (it.getQueryParametersCount() == 0) {
                    throw Rejected.at(where, "needs query_parameters");
                }
                yield new Descriptor.QueryParameterValueMatch(
                        entry(it.getDescriptorKey(), "query_match", it.getDescriptorValue()),
                        it.getQueryParametersList().stream()
                                .map(query ->
                                        RouteCompiler.query(where + ".query_parameters", query))
                                .toList(),
                        !it.hasExpectMatch() || it.getExpectMatch().getValue());
            }
            case MASKED_REMOTE_ADDRESS -> {
                var it = action.getMaskedRemoteAddress();
                var where = place + ".masked_remote_address";
                yield new Descriptor.MaskedRemoteAddress(
                        "masked_remote_address",
                        bits(
                                where + ".v4_prefix_mask_len",
                                it.getV4PrefixMaskLen(),
                                it.hasV4PrefixMaskLen(),
                                V4_BITS),
                        bits(
                                where + ".v6_prefix_mask_len",
                                it.getV6PrefixMaskLen(),
                                it.hasV6PrefixMaskLen(),
                                V6_BITS));
            }
            case SOURCE_CLUSTER, DYNAMIC_METADATA, METADATA, EXTENSION ->
                    throw Rejected.at(
                            place,
                            "not supported: generic_key, request_headers, query_parameters,"
                                    + " remote_address, masked_remote_address, destination_cluster,"
                                    + " header_value_match and query_parameter_value_match are");
            case ACTIONSPECIFIER_NOT_SET -> throw Rejected.at(place, "is not known");
        };
    }

    private static int bits(String place, UInt32Value value, boolean present, int all) {
        var bits = Unpack.limit(value, present, all);
        if (bits > all) {
            throw Rejected.at(place, bits + " is more than " + all);
        }
        return bits;
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
