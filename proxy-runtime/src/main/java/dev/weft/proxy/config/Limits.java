package dev.weft.proxy.config;

/// What a cluster may have at once, counted over all event loops of the process.
///
/// @param pending requests that wait for a connection
/// @param connectionsPerEndpoint of each endpoint
public record Limits(
        int connections, int pending, int requests, Retries retries, int connectionsPerEndpoint) {
    /// Envoy's defaults, but a budget for retries.
    public static final Limits DEFAULT =
            new Limits(1024, 1024, 1024, Retries.DEFAULT, Integer.MAX_VALUE);

    public static final Limits UNLIMITED =
            new Limits(
                    Integer.MAX_VALUE,
                    Integer.MAX_VALUE,
                    Integer.MAX_VALUE,
                    Retries.DEFAULT,
                    Integer.MAX_VALUE);

    /// How many retries may be on their way at once.
    public sealed interface Retries {
        /// In force where nothing is configured: it spares retries of what no endpoint has looked
        /// at, because they add no load.
        Budget DEFAULT = new Budget(20, 3, true);
    }

    /// A number, whatever the load is.
    public record Fixed(int atOnce) implements Retries {}

    /// @param percent of the cluster's requests, those that wait included
    /// @param minimum allowed in any case
    /// @param sparesUnsent only retries of requests that an endpoint may have worked on count
    public record Budget(double percent, int minimum, boolean sparesUnsent) implements Retries {}
}
