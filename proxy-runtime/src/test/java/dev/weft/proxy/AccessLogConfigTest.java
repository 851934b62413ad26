package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.util.Values;
import dev.weft.proxy.config.ConfigStore;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.AndFilter;
import io.envoyproxy.envoy.config.accesslog.v3.HeaderFilter;
import io.envoyproxy.envoy.config.accesslog.v3.NotHealthCheckFilter;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.HcmAccessLogOptions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What of access logs is refused, and by which name.
class AccessLogConfigTest {
    private static final String TEXT = "access_log[0].typed_config.log_format.text_format_source: ";

    private final ConfigStore store = new ConfigStore(_ -> {});

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "100 %% %START_TIME% %START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)% %START_TIME(%s.%6f)%\n",
                "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH):20% %REQ_WITHOUT_QUERY(:PATH)%",
                "%RESP(X-A?X-B):5%%TRAILER(grpc-message)%%PROTOCOL%%ROUTE_NAME%%TRACE_ID%",
                "%GRPC_STATUS(NUMBER)% %GRPC_STATUS(SNAKE_STRING)% %DOWNSTREAM_PEER_URI_SAN%",
            })
    void what_is_known_is_taken(String format) {
        assertThat(http(stdout(text(format)))).isEmpty();
        assertThat(tcp(stdout(text(format)))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    %CONNECTION_ID%,             operator %CONNECTION_ID% is not supported
                    %DYNAMIC_METADATA(a:b)%,     operator %DYNAMIC_METADATA% is not supported
                    %START_TIME(%s.%e)%,         operator %START_TIME(%s.%e)% is not supported
                    %GRPC_STATUS(WORDS)%,        operator %GRPC_STATUS(WORDS)% is not supported
                    %DURATION(x)%,               operator %DURATION(x)% is not supported
                    %DURATION:3%,                operator %DURATION% takes no length
                    %REQ%,                       operator %REQ% needs a header
                    %REQ(A?B?C)%,                operator %REQ% needs a header
                    %REQ(:SCHEME)%,              operator %REQ(:SCHEME)% is not supported
                    %RESP(:PATH)%,               operator %RESP(:PATH)% is not supported
                    %REQ(a b)%,                  operator %REQ(a b)% is not supported
                    a 5 % b,                     position 4 a %
                    %REQ(A,                      position 0 a %
                    """)
    void what_is_not_known_is_refused_by_name_and_place(String format, String why) {
        assertThat(http(stdout(text(format)))).get().asString().contains(TEXT).contains(why);
        assertThat(tcp(stdout(text(format)))).get().asString().contains(TEXT).contains(why);
    }

    @Test
    void an_operator_within_json_is_refused_at_its_key() {
        var json =
                Struct.newBuilder()
                        .putFields(
                                "a",
                                Values.of(
                                        Struct.newBuilder()
                                                .putFields("b", Values.of("%HOSTNAME%"))
                                                .build()))
                        .build();

        assertThat(http(stdout(SubstitutionFormatString.newBuilder().setJsonFormat(json))))
                .get()
                .asString()
                .contains("log_format.json_format.a.b: operator %HOSTNAME% is not supported");
    }

    @Test
    void json_that_is_nested_without_end_is_refused() {
        var json = Values.of("x");
        for (int i = 0; i < 12; i++) {
            json = Values.of(Struct.newBuilder().putFields("a", json).build());
        }

        assertThat(
                        http(
                                stdout(
                                        SubstitutionFormatString.newBuilder()
                                                .setJsonFormat(json.getStructValue()))))
                .get()
                .asString()
                .contains("is nested deeper than 8");
    }

    @Test
    void other_loggers_and_sources_are_refused_by_name() {
        assertThat(http(log(TypedExtensionConfig.newBuilder().build())))
                .get()
                .asString()
                .contains("access_log[0]: access logger")
                .contains("TypedExtensionConfig is not supported");
        assertThat(http(log(FileAccessLog.getDefaultInstance())))
                .get()
                .asString()
                .contains("access_log[0].typed_config.path: is empty");
        assertThat(
                        http(
                                stdout(
                                        SubstitutionFormatString.newBuilder()
                                                .setTextFormatSource(
                                                        DataSource.newBuilder()
                                                                .setFilename("/f")))))
                .get()
                .asString()
                .contains(TEXT + "filename is not supported");
        assertThat(
                        http(
                                stdout(
                                        text("x")
                                                .addFormatters(
                                                        TypedExtensionConfig.newBuilder()
                                                                .setName("f")))))
                .get()
                .asString()
                .contains("formatters is not supported");
    }

    @Test
    void filters_that_are_not_there_are_refused_by_name() {
        var header =
                AccessLogFilter.newBuilder().setHeaderFilter(HeaderFilter.getDefaultInstance());
        var both =
                AccessLogFilter.newBuilder()
                        .setAndFilter(
                                AndFilter.newBuilder()
                                        .addFilters(
                                                AccessLogFilter.newBuilder()
                                                        .setNotHealthCheckFilter(
                                                                NotHealthCheckFilter
                                                                        .getDefaultInstance()))
                                        .addFilters(header));

        assertThat(http(stdout(text("x")).toBuilder().setFilter(both).build()))
                .get()
                .asString()
                .contains(
                        "access_log[0].filter.and_filter.filters[1]: header_filter is not supported");
        assertThat(
                        http(
                                stdout(text("x")).toBuilder()
                                        .setFilter(AccessLogFilter.getDefaultInstance())
                                        .build()))
                .get()
                .asString()
                .contains("access_log[0].filter");
    }

    @Test
    void lines_before_the_end_are_refused_where_there_is_a_log() {
        var early =
                Xds.http(CodecType.AUTO)
                        .setRouteConfig(Xds.routes("r", Xds.to(Xds.cluster("app"))))
                        .setAccessLogOptions(
                                HcmAccessLogOptions.newBuilder()
                                        .setAccessLogFlushInterval(
                                                Duration.newBuilder().setSeconds(1)));

        assertThat(apply(early.build())).isEmpty();
        assertThat(apply(early.addAccessLog(stdout(text("x"))).build()))
                .get()
                .asString()
                .contains("access_log_options is not supported");
    }

    private Optional<String> http(AccessLog log) {
        return apply(
                Xds.http(CodecType.AUTO)
                        .setRouteConfig(Xds.routes("r", Xds.to(Xds.cluster("app"))))
                        .addAccessLog(log)
                        .build());
    }

    private Optional<String> tcp(AccessLog log) {
        return apply(Xds.tcp("app").toBuilder().addAccessLog(log).build());
    }

    private Optional<String> apply(Message filter) {
        return store.apply(
                ConfigStore.LISTENER,
                List.of(
                        Xds.resource(
                                "l",
                                Xds.listener("l", 0)
                                        .setDefaultFilterChain(Xds.chain(filter))
                                        .build())),
                List.of());
    }

    private static AccessLog stdout(SubstitutionFormatString.Builder format) {
        return log(StdoutAccessLog.newBuilder().setLogFormat(format).build());
    }

    private static AccessLog log(Message config) {
        return AccessLog.newBuilder().setName("log").setTypedConfig(Any.pack(config)).build();
    }

    private static SubstitutionFormatString.Builder text(String format) {
        return SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString(format));
    }
}
