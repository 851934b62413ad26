package dev.weft.e2e.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.ConditionType;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Load;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Everything here happens while traffic flows, which must not notice.
@MeshTest
@Order(20)
class RefusalIT {
    private static final String ROUTE =
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: refused, namespace: it}
            spec:
              parentRefs: [{group: "", kind: Service, name: web, port: 80}]
              rules:
              - matches: [{path: {type: %s, value: '%s'}}]
                backendRefs: [{name: %s, namespace: %s, port: 80, weight: %d}]
            """;

    private static @Nullable Load load;

    private final TestMesh mesh;

    RefusalIT(TestMesh mesh) {
        this.mesh = mesh;
    }

    @BeforeAll
    static void traffic_flows() {
        load = TestMesh.shared().load("refusal-load", "web", 10);
    }

    @AfterAll
    static void traffic_has_not_noticed() {
        var report = Objects.requireNonNull(load).end();
        assertThat(report.flawless()).as(report.toString()).isTrue();
    }

    static Stream<Arguments> specs() {
        return Stream.of(
                Arguments.of(
                        "steps that fall",
                        "{\"upgrade\":{\"steps\":[{\"percent\":60},{\"percent\":40},{\"percent\":100}]}}",
                        "higher than the one before"),
                Arguments.of(
                        "percent 0",
                        "{\"upgrade\":{\"steps\":[{\"percent\":0},{\"percent\":100}]}}",
                        "greater than or equal to 1"),
                Arguments.of(
                        "percent 101",
                        "{\"upgrade\":{\"steps\":[{\"percent\":101}]}}",
                        "less than or equal to 100"),
                Arguments.of(
                        "a negative duration",
                        "{\"upgrade\":{\"progressDeadline\":\"-5m\"}}",
                        "write a duration"),
                Arguments.of(
                        "a bad trust domain",
                        "{\"trust\":{\"domain\":\"Not_A.Domain\"}}",
                        "write a DNS name"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("specs")
    void the_api_server_refuses_a_bad_spec_and_says_what_to_write(
            String what, String spec, String message) {
        var output = mesh.mesh().patchSpec(spec);

        assertThat(output.succeeded()).as(what).isFalse();
        assertThat(output.stderr()).contains(message);
    }

    @Test
    void an_unknown_version_is_told_with_the_known_ones_and_nothing_moves() {
        try {
            mesh.mesh().patchSpec("{\"version\":\"9.9.9\"}").orThrow();

            var now =
                    mesh.mesh()
                            .await(
                                    "Degraded",
                                    Duration.ofSeconds(30),
                                    it ->
                                            Mesh.isUpToDate(it)
                                                    && Mesh.conditionIs(
                                                            it, ConditionType.Degraded, "True"));

            var degraded =
                    Objects.requireNonNull(now.getStatus().condition(ConditionType.Degraded));
            assertThat(degraded.getReason()).isEqualTo("UnknownVersion");
            assertThat(degraded.getMessage()).contains("9.9.9", TestMesh.OLD, TestMesh.NEW);
            assertThat(now.getStatus().version()).isEqualTo(TestMesh.OLD);
        } finally {
            mesh.mesh().patchSpec("{\"version\":\"" + TestMesh.OLD + "\"}").orThrow();
            mesh.mesh().awaitReady(TestMesh.OLD, Duration.ofSeconds(60));
        }
    }

    @Test
    void the_api_server_refuses_a_weight_above_a_million() {
        var output =
                mesh.mesh().applyYaml(ROUTE.formatted("PathPrefix", "/", "web", "it", 1_000_001));

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr()).contains("1000000");
    }

    @Test
    void a_route_to_another_namespace_without_a_grant_is_not_resolved() {
        refusedRoute(
                ROUTE.formatted("PathPrefix", "/never", "outsider", TestMesh.PLAIN, 1),
                "RefNotPermitted");
    }

    @Test
    void a_route_with_an_invalid_regex_is_not_accepted() {
        refusedRoute(
                ROUTE.formatted("RegularExpression", "/(never", "web", "it", 1),
                "UnsupportedValue");
    }

    private void refusedRoute(String route, String reason) {
        try {
            mesh.mesh().applyYaml(route).orThrow();

            Until.isTrue(
                    "the route to be refused with " + reason,
                    Duration.ofSeconds(20),
                    () -> routeStatus().contains("\"" + reason + "\""),
                    this::routeStatus);
        } finally {
            mesh.cluster().kubectl("-n", TestMesh.MESHED, "delete", "httproute", "refused");
        }
    }

    private String routeStatus() {
        return mesh.cluster()
                .kubectl(
                        "-n",
                        TestMesh.MESHED,
                        "get",
                        "httproute",
                        "refused",
                        "-o",
                        "jsonpath={.status}")
                .stdout();
    }

    @Test
    void a_label_with_an_unknown_value_is_refused_by_name() {
        var output =
                mesh.mesh()
                        .applyYaml(
                                """
                                apiVersion: v1
                                kind: Pod
                                metadata:
                                  name: mislabelled
                                  namespace: it
                                  labels: {weft.dev/inject: "yes"}
                                spec:
                                  containers: [{name: app, image: never}]
                                """);
        mesh.cluster().kubectl("-n", "it", "delete", "pod", "mislabelled", "--ignore-not-found");

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr()).contains("enabled", "disabled", "yes");
    }

    @Test
    void a_pod_that_runs_as_the_proxys_user_is_refused() {
        var output =
                mesh.mesh()
                        .applyYaml(
                                """
                                apiVersion: v1
                                kind: Pod
                                metadata: {name: impostor, namespace: it}
                                spec:
                                  containers:
                                  - name: app
                                    image: never
                                    securityContext: {runAsUser: 1337}
                                """);
        mesh.cluster().kubectl("-n", "it", "delete", "pod", "impostor", "--ignore-not-found");

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr()).contains("1337");
    }
}
