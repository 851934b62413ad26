package dev.weft.proxy.filter;

import dev.weft.proxy.route.HeaderMatch;
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
    public record Source(List<Action> actions) {
        public Source {
            actions = List.copyOf(actions);
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
                case DestinationCluster(var key) -> found(key, request.cluster(), false);
                case HeaderValueMatch(var entry, var headers, var expected) ->
                        headers.stream().allMatch(it -> it.matches(request.head())) == expected
                                ? new Found.Value(entry)
                                : new Found.Nothing();
            };
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

    /// Where the route sends the request.
    public record DestinationCluster(String key) implements Action {}

    /// @param expected whether the headers must match, or must not
    public record HeaderValueMatch(Entry entry, List<HeaderMatch> headers, boolean expected)
            implements Action {}
}
