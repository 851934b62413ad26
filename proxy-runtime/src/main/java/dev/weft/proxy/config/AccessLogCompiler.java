package dev.weft.proxy.config;

import dev.weft.proxy.telemetry.LogFilter;
import dev.weft.proxy.telemetry.LogFilter.Comparison;
import dev.weft.proxy.telemetry.LogFormat;
import dev.weft.proxy.telemetry.LogRule;
import dev.weft.proxy.telemetry.LogRules;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.config.accesslog.v3.GrpcStatusFilter;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Compiles the `access_log` of a connection manager or a TCP proxy.
final class AccessLogCompiler {
    /// What Envoy writes where no format is given.
    private static final String DEFAULT_FORMAT =
            "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\""
                    + " %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION%"
                    + " %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\""
                    + " \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\""
                    + " \"%UPSTREAM_HOST%\"\n";

    private final FieldCheck fields;

    AccessLogCompiler(FieldCheck fields) {
        this.fields = fields;
    }

    /// @param early a field that asks for lines before the end; empty: none is set
    LogRules compile(String place, List<AccessLog> logs, String early) {
        if (logs.isEmpty()) {
            return LogRules.DEFAULT;
        }
        if (!early.isEmpty()) {
            throw Rejected.at(
                    place,
                    early + " is not supported by this proxy, which writes one line at the end");
        }
        var formats = new LogFormatCompiler();
        var rules = new ArrayList<LogRule>();
        for (int i = 0; i < logs.size(); i++) {
            rules.add(rule(place + ".access_log[" + i + "]", logs.get(i), formats));
        }
        return new LogRules(rules, formats.headers());
    }

    private LogRule rule(String place, AccessLog log, LogFormatCompiler formats) {
        var filter =
                log.hasFilter() ? filter(place + ".filter", log.getFilter()) : LogFilter.EVERYTHING;
        var config = log.getTypedConfig();
        var at = place + ".typed_config";
        if (config.isSameTypeAs(FileAccessLog.getDefaultInstance())) {
            var file = Unpack.any(at, config, FileAccessLog.getDefaultInstance());
            fields.check(at, file);
            if (file.getPath().isEmpty()) {
                throw Rejected.at(at + ".path", "is empty: name a file, or " + LogRule.STDOUT);
            }
            return new LogRule(file.getPath(), filter, format(at, file, formats));
        }
        if (config.isSameTypeAs(StdoutAccessLog.getDefaultInstance())) {
            var stdout = Unpack.any(at, config, StdoutAccessLog.getDefaultInstance());
            fields.check(at, stdout);
            return new LogRule(
                    LogRule.STDOUT,
                    filter,
                    format(at, stdout.getLogFormat(), stdout.hasLogFormat(), formats));
        }
        if (config.isSameTypeAs(StderrAccessLog.getDefaultInstance())) {
            var stderr = Unpack.any(at, config, StderrAccessLog.getDefaultInstance());
            fields.check(at, stderr);
            return new LogRule(
                    LogRule.STDERR,
                    filter,
                    format(at, stderr.getLogFormat(), stderr.hasLogFormat(), formats));
        }
        throw Rejected.at(
                place,
                "access logger "
                        + (config.getTypeUrl().isEmpty() ? log.getName() : config.getTypeUrl())
                        + " is not supported; use FileAccessLog, StdoutAccessLog or"
                        + " StderrAccessLog");
    }

    /// The deprecated fields are honoured, too.
    @SuppressWarnings("deprecation")
    private static LogFormat format(String at, FileAccessLog file, LogFormatCompiler formats) {
        return switch (file.getAccessLogFormatCase()) {
            case FORMAT ->
                    formats.text(
                            at + ".format",
                            file.getFormat().isEmpty() ? DEFAULT_FORMAT : file.getFormat(),
                            false);
            case JSON_FORMAT ->
                    formats.json(at + ".json_format", file.getJsonFormat(), false, false);
            case TYPED_JSON_FORMAT ->
                    formats.json(at + ".typed_json_format", file.getTypedJsonFormat(), false, true);
            case LOG_FORMAT -> format(at, file.getLogFormat(), true, formats);
            case ACCESSLOGFORMAT_NOT_SET ->
                    format(at, SubstitutionFormatString.getDefaultInstance(), false, formats);
        };
    }

    @SuppressWarnings("deprecation")
    private static LogFormat format(
            String at,
            SubstitutionFormatString format,
            boolean present,
            LogFormatCompiler formats) {
        if (!present) {
            return formats.text(at, DEFAULT_FORMAT, false);
        }
        var place = at + ".log_format";
        var omits = format.getOmitEmptyValues();
        return switch (format.getFormatCase()) {
            case TEXT_FORMAT ->
                    formats.text(
                            place + ".text_format",
                            format.getTextFormat().isEmpty()
                                    ? DEFAULT_FORMAT
                                    : format.getTextFormat(),
                            omits);
            case TEXT_FORMAT_SOURCE ->
                    formats.text(
                            place + ".text_format_source",
                            inline(place + ".text_format_source", format.getTextFormatSource()),
                            omits);
            case JSON_FORMAT ->
                    formats.json(place + ".json_format", format.getJsonFormat(), omits, true);
            case FORMAT_NOT_SET ->
                    throw Rejected.at(place, "needs text_format_source or json_format");
        };
    }

    private static String inline(String place, DataSource source) {
        if (source.getSpecifierCase() != DataSource.SpecifierCase.INLINE_STRING) {
            throw Rejected.at(place, "only inline_string is supported");
        }
        return source.getInlineString().isEmpty() ? DEFAULT_FORMAT : source.getInlineString();
    }

    private static LogFilter filter(String place, AccessLogFilter filter) {
        return switch (filter.getFilterSpecifierCase()) {
            case STATUS_CODE_FILTER -> {
                var it = filter.getStatusCodeFilter().getComparison();
                yield new LogFilter.StatusCode(
                        comparison(place + ".status_code_filter", it), limit(it));
            }
            case DURATION_FILTER -> {
                var it = filter.getDurationFilter().getComparison();
                yield new LogFilter.Lasted(comparison(place + ".duration_filter", it), limit(it));
            }
            // No request is one: the filter that says so is not there.
            case NOT_HEALTH_CHECK_FILTER -> LogFilter.EVERYTHING;
            case RESPONSE_FLAG_FILTER ->
                    new LogFilter.Flagged(
                            filter.getResponseFlagFilter().getFlagsList().stream()
                                    .collect(Collectors.toUnmodifiableSet()));
            case GRPC_STATUS_FILTER ->
                    new LogFilter.GrpcStatuses(
                            filter.getGrpcStatusFilter().getStatusesList().stream()
                                    .filter(it -> it != GrpcStatusFilter.Status.UNRECOGNIZED)
                                    .map(GrpcStatusFilter.Status::getNumber)
                                    .collect(Collectors.toUnmodifiableSet()),
                            filter.getGrpcStatusFilter().getExclude());
            case AND_FILTER ->
                    new LogFilter.All(
                            filters(place + ".and_filter", filter.getAndFilter().getFiltersList()));
            case OR_FILTER ->
                    new LogFilter.Any(
                            filters(place + ".or_filter", filter.getOrFilter().getFiltersList()));
            case TRACEABLE_FILTER,
                    RUNTIME_FILTER,
                    HEADER_FILTER,
                    EXTENSION_FILTER,
                    METADATA_FILTER,
                    LOG_TYPE_FILTER,
                    FILTERSPECIFIER_NOT_SET ->
                    throw Rejected.at(
                            place,
                            filter.getFilterSpecifierCase()
                                    + " is not supported: a log must not have more than it should");
        };
    }

    private static List<LogFilter> filters(String place, List<AccessLogFilter> filters) {
        var compiled = new ArrayList<LogFilter>();
        for (int i = 0; i < filters.size(); i++) {
            compiled.add(filter(place + ".filters[" + i + "]", filters.get(i)));
        }
        return compiled;
    }

    private static Comparison comparison(String place, ComparisonFilter filter) {
        return switch (filter.getOp()) {
            case EQ -> Comparison.EQUAL;
            case GE -> Comparison.AT_LEAST;
            case LE -> Comparison.AT_MOST;
            case UNRECOGNIZED -> throw Rejected.at(place, "comparison.op is not known");
        };
    }

    private static long limit(ComparisonFilter filter) {
        return Integer.toUnsignedLong(filter.getValue().getDefaultValue());
    }
}
