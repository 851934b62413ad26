package dev.weft.proxy.filter;

import dev.weft.proxy.route.HeaderMatch;
import dev.weft.proxy.route.QueryMatch;
import io.netty.util.NetUtil;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What singles out a request for a limit of its own, Envoy's rate limit descriptor: keys with
/// values, in this order.
public record Descriptor(List<Entry> entries) {
    public Descriptor {
        entries = List.copyOf(entries);
    }

    /// @param value empty: where it describes a limit, each value has its own
    public record Entry(String key, String value) {}

    /// Makes descriptors of requests.
    ///
    /// @param stage of the filters that it is for, where it is a route's or a virtual host's
    /// @param tokens that such a request takes
    public record Source(List<Action> actions, int stage, long tokens) {
        public Source {
            actions = List.copyOf(actions);
        }

        Source(List<Action> actions) {
            this(actions, 0, 1);
        }

        /// Null: the request has not all that it needs.
        @Nullable Descriptor describe(FilterRequest request) {
            var entries = new ArrayList<Entry>(actions.size());
            for (var action : actions) {
                switch (action.look(request)) {
                    case Found.Value(var entry) -> entries.add(entry);
                    case Found.Skip() -> {}
                    case Found.Nothing() -> {
                        return null;
                    }
                }
            }
            return entries.isEmpty() ? null : new Descriptor(entries);
        }
    }

    /// What an action makes of a request.
    sealed interface Found {
        record Value(Entry entry) implements Found {}

        /// The descriptor goes without it.
        record Skip() implements Found {}

        /// There is no descriptor.
        record Nothing() implements Found {}
    }

    /// Makes one entry; each is named as in Envoy's `RateLimit.Action`.
    public sealed interface Action {
        private Found look(FilterRequest request) {
            return switch (this) {
                case GenericKey(var entry) -> new Found.Value(entry);
                case RequestHeaders(var name, var key, var skip) ->
                        found(key, request.head().header(name), skip);
                case QueryParameters(var name, var key, var skip) ->
                        found(key, request.head().parameter(name), skip);
                case RemoteAddress(var key) -> found(key, request.clientAddress(), false);
                case MaskedRemoteAddress it -> found(it.key(), it.network(request), false);
                case DestinationCluster(var key) -> found(key, request.cluster(), false);
                case HeaderValueMatch(var entry, var headers, var expected) ->
                        matching(
                                entry,
                                headers.stream().allMatch(it -> it.matches(request.head()))
                                        == expected);
                case QueryParameterValueMatch(var entry, var queries, var expected) ->
                        matching(
                                entry,
                                queries.stream().allMatch(it -> it.matches(request.head()))
                                        == expected);
            };
        }

        private static Found matching(Entry entry, boolean matches) {
            return matches ? new Found.Value(entry) : new Found.Nothing();
        }

        private static Found found(String key, @Nullable String value, boolean skip) {
            if (value == null || value.isEmpty()) {
                return skip ? new Found.Skip() : new Found.Nothing();
            }
            return new Found.Value(new Entry(key, value));
        }
    }

    /// Always the same.
    public record GenericKey(Entry entry) implements Action {}

    /// @param skipIfAbsent the descriptor goes without it then; otherwise there is none
    public record RequestHeaders(String name, String key, boolean skipIfAbsent) implements Action {}

    /// @param skipIfAbsent as with [RequestHeaders]
    public record QueryParameters(String name, String key, boolean skipIfAbsent)
            implements Action {}

    /// The client's address, without its port.
    public record RemoteAddress(String key) implements Action {}

    /// The network that the client is in, such as `10.1.0.0/16`.
    ///
    /// @param v4Bits how long a network's prefix is
    public record MaskedRemoteAddress(String key, int v4Bits, int v6Bits) implements Action {
        private static final int V4_BYTES = 4;

        private @Nullable String network(FilterRequest request) {
            var bytes =
                    request.clientAddress() == null
                            ? null
                            : NetUtil.createByteArrayFromIpAddressString(request.clientAddress());
            if (bytes == null) {
                return null;
            }
            var bits = bytes.length == V4_BYTES ? v4Bits : v6Bits;
            for (int i = 0; i < bytes.length; i++) {
                var kept = Math.clamp(bits - i * Byte.SIZE, 0, Byte.SIZE);
                bytes[i] &= (byte) (0xff << (Byte.SIZE - kept));
            }
            return NetUtil.bytesToIpAddress(bytes) + "/" + bits;
        }
    }

    /// Where the route sends the request.
    public record DestinationCluster(String key) implements Action {}

    /// @param expected whether the headers must match, or must not
    public record HeaderValueMatch(Entry entry, List<HeaderMatch> headers, boolean expected)
            implements Action {}

    /// @param expected whether the parameters must match, or must not
    public record QueryParameterValueMatch(Entry entry, List<QueryMatch> queries, boolean expected)
            implements Action {}
}
