package dev.weft.proxy.telemetry;

import java.util.List;
import java.util.Set;

/// What an access log has lines for. The semantics are Envoy's.
public sealed interface LogFilter {
    LogFilter EVERYTHING = new All(List.of());

    boolean passes(LogEntry entry);

    enum Comparison {
        EQUAL,
        AT_LEAST,
        AT_MOST;

        boolean holds(long value, long limit) {
            return switch (this) {
                case EQUAL -> value == limit;
                case AT_LEAST -> value >= limit;
                case AT_MOST -> value <= limit;
            };
        }
    }

    /// A connection, and a request without an answer, has status 0.
    record StatusCode(Comparison comparison, long limit) implements LogFilter {
        @Override
        public boolean passes(LogEntry entry) {
            return comparison.holds(entry instanceof RequestLog it ? it.status() : 0, limit);
        }
    }

    record Lasted(Comparison comparison, long millis) implements LogFilter {
        @Override
        public boolean passes(LogEntry entry) {
            return comparison.holds(entry.duration().toMillis(), millis);
        }
    }

    /// @param flags empty: any
    record Flagged(Set<String> flags) implements LogFilter {
        public Flagged {
            flags = Set.copyOf(flags);
        }

        @Override
        public boolean passes(LogEntry entry) {
            var all = entry.flags();
            if (all.equals("-")) {
                return false;
            }
            if (flags.isEmpty() || flags.contains(all)) {
                return true;
            }
            for (var flag : all.split(",", -1)) {
                if (flags.contains(flag)) {
                    return true;
                }
            }
            return false;
        }
    }

    /// What has no status counts as `UNKNOWN`.
    record GrpcStatuses(Set<Integer> statuses, boolean excluded) implements LogFilter {
        public GrpcStatuses {
            statuses = Set.copyOf(statuses);
        }

        @Override
        public boolean passes(LogEntry entry) {
            var status =
                    entry instanceof RequestLog it && it.grpcStatus() >= 0
                            ? it.grpcStatus()
                            : GrpcCode.UNKNOWN;
            return statuses.contains(status) != excluded;
        }
    }

    record All(List<LogFilter> filters) implements LogFilter {
        public All {
            filters = List.copyOf(filters);
        }

        @Override
        public boolean passes(LogEntry entry) {
            for (var filter : filters) {
                if (!filter.passes(entry)) {
                    return false;
                }
            }
            return true;
        }
    }

    record Any(List<LogFilter> filters) implements LogFilter {
        public Any {
            filters = List.copyOf(filters);
        }

        @Override
        public boolean passes(LogEntry entry) {
            for (var filter : filters) {
                if (filter.passes(entry)) {
                    return true;
                }
            }
            return false;
        }
    }
}
