package dev.weft.proxy.config;

import dev.weft.proxy.telemetry.LogField;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// When a format is written, which decides what its operators can tell.
enum Moment {
    /// The head of a client's request is edited.
    REQUEST(" in headers of requests", Operators.OF_REQUEST),

    /// The head of its answer is edited.
    ANSWER(" in headers of answers", Operators.OF_ANSWER),

    /// The request, or the connection, has ended.
    END("", Operators.ALL),

    /// There is no client: the proxy asks by itself.
    OWN(" in its own requests", Set.of());

    /// Without an argument it is no field, but a part of a header.
    static final String TRACE_ID = "TRACE_ID";

    private final String where;
    private final Set<String> known;

    Moment(String where, Set<String> known) {
        this.where = where;
        this.known = known;
    }

    boolean knows(String operator) {
        return known.contains(operator);
    }

    /// What to tell who has named another operator.
    String remedy() {
        if (known.isEmpty()) {
            return where + "; a percent sign is written %%";
        }
        return this == END ? where : where + "; use one of " + String.join(", ", known);
    }

    private static final class Operators {
        private static final Set<LogField> KNOWN_AT_ONCE =
                EnumSet.of(
                        LogField.START_TIME,
                        LogField.PROTOCOL,
                        LogField.ROUTE_NAME,
                        LogField.UPSTREAM_CLUSTER,
                        LogField.UPSTREAM_CLUSTER_RAW,
                        LogField.DOWNSTREAM_REMOTE_ADDRESS,
                        LogField.DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT,
                        LogField.DOWNSTREAM_REMOTE_PORT,
                        LogField.DOWNSTREAM_DIRECT_REMOTE_ADDRESS,
                        LogField.DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT,
                        LogField.DOWNSTREAM_DIRECT_REMOTE_PORT,
                        LogField.DOWNSTREAM_LOCAL_ADDRESS,
                        LogField.DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT,
                        LogField.DOWNSTREAM_LOCAL_PORT,
                        LogField.DOWNSTREAM_PEER_URI_SAN,
                        LogField.REQUESTED_SERVER_NAME);

        private static final Set<LogField> KNOWN_WITH_AN_ANSWER =
                EnumSet.of(
                        LogField.RESPONSE_CODE,
                        LogField.RESPONSE_CODE_DETAILS,
                        LogField.RESPONSE_FLAGS,
                        LogField.UPSTREAM_HOST,
                        LogField.UPSTREAM_PEER_URI_SAN,
                        LogField.UPSTREAM_PROTOCOL);

        private static final Set<String> OF_REQUEST =
                with(Set.of(), List.of("REQ", "REQ_WITHOUT_QUERY", TRACE_ID), KNOWN_AT_ONCE);

        private static final Set<String> OF_ANSWER =
                with(OF_REQUEST, List.of("RESP"), KNOWN_WITH_AN_ANSWER);

        private static final Set<String> ALL =
                with(OF_ANSWER, List.of("TRAILER"), LogField.operators());

        private static Set<String> with(
                Set<String> others, List<String> more, Collection<LogField> fields) {
            var all = new LinkedHashSet<>(others);
            all.addAll(more);
            fields.forEach(field -> all.add(field.name()));
            return all;
        }
    }
}
