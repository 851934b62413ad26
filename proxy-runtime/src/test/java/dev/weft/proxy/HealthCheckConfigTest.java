package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.HealthCheck.Grpc;
import dev.weft.proxy.config.HealthCheck.Http;
import dev.weft.proxy.config.HealthCheck.Statuses;
import dev.weft.proxy.config.HealthCheck.Tcp;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.CustomHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.GrpcHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.HttpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.Payload;
import io.envoyproxy.envoy.config.core.v3.HealthCheck.TcpHealthCheck;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.type.v3.CodecClientType;
import io.envoyproxy.envoy.type.v3.Int64Range;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class HealthCheckConfigTest {
    private final ConfigStore store = new ConfigStore(_ -> {});

    @Test
    void defaults_are_envoys() {
        var check =
                compiled(
                        check().setHttpHealthCheck(
                                        HttpHealthCheck.newBuilder().setPath("/healthz")));

        assertThat(check.reusesConnection()).isTrue();
        assertThat(check.leavesAtOnce()).isFalse();
        assertThat(check.failures()).isEqualTo(3);
        assertThat(check.successes()).isEqualTo(2);
        assertThat(check.pace().interval()).hasSeconds(5);
        assertThat(check.pace().unhealthyEdge()).hasSeconds(5);
        assertThat(check.pace().idle()).hasSeconds(60);
        assertThat(check.pace().idleHealthy()).hasSeconds(60);
        var http = (Http) check.question();
        assertThat(http.method()).isEqualTo(HttpMethod.GET);
        assertThat(http.http2()).isFalse();
        assertThat(http.expected()).containsExactly(new Statuses(200, 201));
    }

    @Test
    void each_field_finds_its_place() {
        var check =
                compiled(
                        check().setUnhealthyInterval(seconds(7))
                                .setNoTrafficInterval(seconds(8))
                                .setHealthyEdgeInterval(seconds(9))
                                .setHttpHealthCheck(
                                        HttpHealthCheck.newBuilder()
                                                .setPath("/ready?deep=1")
                                                .setHost("shop")
                                                .setMethod(RequestMethod.HEAD)
                                                .setCodecClientType(CodecClientType.HTTP2)
                                                .addExpectedStatuses(range(200, 300))
                                                .addRetriableStatuses(range(503, 504))));

        assertThat(check.pace().unhealthy()).hasSeconds(7);
        assertThat(check.pace().unhealthyEdge()).hasSeconds(7);
        assertThat(check.pace().idleHealthy()).hasSeconds(8);
        assertThat(check.pace().edge()).hasSeconds(9);
        var http = (Http) check.question();
        assertThat(http.host()).isEqualTo("shop");
        assertThat(http.method()).isEqualTo(HttpMethod.HEAD);
        assertThat(http.http2()).isTrue();
        assertThat(http.expected()).containsExactly(new Statuses(200, 300));
        assertThat(http.retriable()).containsExactly(new Statuses(503, 504));
    }

    /// There is no client of whom it could tell.
    @Test
    void a_question_has_no_operators() {
        var header =
                HeaderValueOption.newBuilder()
                        .setHeader(HeaderValue.newBuilder().setKey("x").setValue("%START_TIME%"));

        assertThat(
                        nack(
                                check().setHttpHealthCheck(
                                                HttpHealthCheck.newBuilder()
                                                        .setPath("/")
                                                        .addRequestHeadersToAdd(header))))
                .contains(
                        "operator %START_TIME% is not supported by this proxy in its own requests");
        assertThat(
                        nack(
                                check().setGrpcHealthCheck(
                                                GrpcHealthCheck.newBuilder()
                                                        .addInitialMetadata(header))))
                .contains("initial_metadata header x: operator %START_TIME%");
    }

    @Test
    void grpc_and_tcp_are_known() {
        assertThat(
                        compiled(
                                        check().setGrpcHealthCheck(
                                                        GrpcHealthCheck.newBuilder()
                                                                .setServiceName("shop")))
                                .question())
                .isInstanceOfSatisfying(
                        Grpc.class, grpc -> assertThat(grpc.service()).isEqualTo("shop"));
        assertThat(
                        compiled(
                                        check().setTcpHealthCheck(
                                                        TcpHealthCheck.newBuilder()
                                                                .setSend(
                                                                        Payload.newBuilder()
                                                                                .setText(
                                                                                        "70696e67"))
                                                                .addReceive(
                                                                        Payload.newBuilder()
                                                                                .setBinary(
                                                                                        ByteString
                                                                                                .copyFromUtf8(
                                                                                                        "pong")))))
                                .question())
                .isInstanceOfSatisfying(
                        Tcp.class,
                        tcp -> {
                            assertThat(tcp.send().content().toStringUtf8()).isEqualTo("ping");
                            assertThat(tcp.receive().getFirst().content().toStringUtf8())
                                    .isEqualTo("pong");
                        });
    }

    @Test
    void what_cannot_be_honoured_is_refused_by_name() {
        var plain = HttpHealthCheck.newBuilder().setPath("/");
        assertThat(
                        nack(
                                check().setCustomHealthCheck(
                                                CustomHealthCheck.newBuilder()
                                                        .setName("envoy.health_checkers.redis"))))
                .contains("custom_health_check");
        assertThat(
                        nack(
                                check().setHttpHealthCheck(
                                                plain.clone()
                                                        .setSend(
                                                                Payload.newBuilder()
                                                                        .setText("00")))))
                .contains("http_health_check", "send");
        assertThat(
                        nack(
                                check().setTlsOptions(
                                                HealthCheck.TlsOptions.newBuilder()
                                                        .addAlpnProtocols("h2"))
                                        .setHttpHealthCheck(plain)))
                .contains("tls_options");
        assertThat(nack(check().setHttpHealthCheck(plain).clearTimeout()))
                .contains("health_checks.timeout");
        assertThat(nack(check().setHttpHealthCheck(plain).clearHealthyThreshold()))
                .contains("healthy_threshold");
        assertThat(nack(check())).contains("needs http_health_check");
        assertThat(
                        nack(
                                check().setTcpHealthCheck(
                                                TcpHealthCheck.newBuilder()
                                                        .setSend(
                                                                Payload.newBuilder()
                                                                        .setText("x")))))
                .contains("tcp_health_check.send", "hexadecimal");
        assertThat(
                        nack(
                                cluster()
                                        .addHealthChecks(check().setHttpHealthCheck(plain))
                                        .addHealthChecks(check().setHttpHealthCheck(plain))))
                .contains("only one");
    }

    private static HealthCheck.Builder check() {
        return HealthCheck.newBuilder()
                .setTimeout(seconds(1))
                .setInterval(seconds(5))
                .setUnhealthyThreshold(UInt32Value.of(3))
                .setHealthyThreshold(UInt32Value.of(2));
    }

    private static Duration seconds(long seconds) {
        return Duration.newBuilder().setSeconds(seconds).build();
    }

    private static Int64Range range(long start, long end) {
        return Int64Range.newBuilder().setStart(start).setEnd(end).build();
    }

    private static Cluster.Builder cluster() {
        return Xds.staticCluster("c", 1);
    }

    private dev.weft.proxy.config.HealthCheck compiled(HealthCheck.Builder check) {
        assertThat(nack(check)).isEmpty();
        return Objects.requireNonNull(
                Objects.requireNonNull(store.tables().clusters().get("c")).spec().healthCheck());
    }

    private String nack(HealthCheck.Builder check) {
        return nack(cluster().addHealthChecks(check));
    }

    private String nack(Cluster.Builder cluster) {
        return store.apply(
                        ConfigStore.CLUSTER, List.of(Xds.resource("c", cluster.build())), List.of())
                .orElse("");
    }
}
