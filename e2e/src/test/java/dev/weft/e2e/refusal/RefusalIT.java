package dev.weft.e2e.refusal;

import static io.grpc.Status.Code.PERMISSION_DENIED;
import static io.grpc.Status.Code.UNAUTHENTICATED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.ConditionType;
import dev.weft.api.MeshInstallation;
import dev.weft.e2e.mesh.Mesh;
import dev.weft.e2e.mesh.Until;
import dev.weft.e2e.suite.Impostor;
import dev.weft.e2e.suite.Load;
import dev.weft.e2e.suite.MeshTest;
import dev.weft.e2e.suite.TestMesh;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
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
              # whatever else is called goes where it went: a route takes a Service's port over as a whole
              - backendRefs: [{name: web, port: 80}]
              - matches: [{path: {type: %s, value: '%s'}}]
                backendRefs:
                - {name: %s, namespace: %s, port: 80, weight: %d}
            """;

    private static final String ID = "spiffe://cluster.local/ns/it/sa/%s";

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
                        "percents must rise from step to step"),
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
                        "a negative certificate lifetime",
                        "{\"trust\":{\"workloadCertificateLifetime\":\"-1h\"}}",
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
    void a_second_installation_is_told_that_there_is_one_already() {
        try {
            mesh.mesh()
                    .applyYaml(
                            """
                            apiVersion: weft.dev/v1alpha1
                            kind: MeshInstallation
                            metadata: {name: second}
                            spec: {version: 0.1.0}
                            """)
                    .orThrow();

            var degraded =
                    Until.present(
                            "the second MeshInstallation to be Degraded",
                            Duration.ofSeconds(30),
                            this::degradedSecond,
                            () -> mesh.cluster().kubectl("get", "mesh", "-o", "yaml").stdout());

            assertThat(degraded.getReason()).isEqualTo("AlreadyInstalled");
            assertThat(degraded.getMessage()).contains(Mesh.NAME);
        } finally {
            mesh.cluster().kubectl("delete", "meshinstallation", "second", "--timeout=60s");
        }
        assertThat(Mesh.conditionIs(mesh.mesh().get().orElseThrow(), ConditionType.Ready, "True"))
                .isTrue();
    }

    private Optional<Condition> degradedSecond() {
        var second = mesh.client().resources(MeshInstallation.class).withName("second").get();
        if (second == null || second.getStatus() == null) {
            return Optional.empty();
        }
        return Optional.ofNullable(second.getStatus().condition(ConditionType.Degraded))
                .filter(condition -> condition.getStatus().equals("True"));
    }

    @Test
    void the_api_server_refuses_a_weight_above_a_million() {
        var output =
                mesh.mesh().applyYaml(ROUTE.formatted("PathPrefix", "/", "web", "it", 1_000_001));

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr()).contains("1000000");
    }

    @Test
    void a_route_to_another_namespace_without_a_grant_is_not_resolved_and_answers_500() {
        refusedRoute(
                ROUTE.formatted("PathPrefix", "/never", "outsider", TestMesh.PLAIN, 1),
                "RefNotPermitted",
                () ->
                        Until.isTrue(
                                "500 from the route",
                                Duration.ofSeconds(20),
                                () -> status("/never") == 500,
                                () -> "status " + status("/never")));
    }

    @Test
    void a_backend_that_is_not_permitted_takes_its_share_of_a_route_with_it_and_no_more() {
        String route =
                ROUTE.formatted("PathPrefix", "/half", "outsider", TestMesh.PLAIN, 1)
                        + "    - {name: web, namespace: it, port: 80, weight: 1}\n";
        var seen = new TreeSet<Integer>();
        refusedRoute(
                route,
                "RefNotPermitted",
                () ->
                        Until.isTrue(
                                "answers of both backends",
                                Duration.ofSeconds(20),
                                () -> {
                                    seen.add(status("/half"));
                                    return seen.containsAll(List.of(500, 404));
                                },
                                seen::toString));
        assertThat(seen).containsExactly(404, 500);
    }

    /// What a meshed client gets from `web`, which itself knows no such path: 404.
    private int status(String path) {
        return mesh.meshedClient().call("http://" + TestMesh.host("web") + path).status();
    }

    @Test
    void a_route_with_an_invalid_regex_is_not_accepted() {
        refusedRoute(
                ROUTE.formatted("RegularExpression", "/(never", "web", "it", 1),
                "UnsupportedValue",
                () -> {});
    }

    @Test
    void a_route_with_a_filter_that_is_not_supported_is_not_accepted_and_says_which() {
        refusedRoute(
                ROUTE.formatted("PathPrefix", "/never", "web", "it", 1)
                        + "    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 80}}}]\n",
                "UnsupportedValue",
                () -> assertThat(routeStatus()).contains("RequestMirror"));
    }

    private void refusedRoute(String route, String reason, Runnable meanwhile) {
        try {
            mesh.mesh().applyYaml(route).orThrow();

            Until.isTrue(
                    "the route to be refused with " + reason,
                    Duration.ofSeconds(20),
                    () -> routeStatus().contains("\"" + reason + "\""),
                    this::routeStatus);
            meanwhile.run();
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
    void a_namespace_label_with_an_unknown_value_is_refused_by_name() {
        var output =
                mesh.cluster()
                        .kubectl("label", "namespace", TestMesh.PLAIN, "weft.dev/inject=maybe");

        assertThat(output.succeeded()).isFalse();
        assertThat(output.stderr()).contains("enabled", "disabled", "maybe");
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

    @Test
    void a_certificate_for_somebody_else_is_refused_and_one_for_itself_is_not() {
        var client = new Impostor(mesh, "client");

        var refused = client.ask(Impostor.RIGHT_AUDIENCE, ID.formatted("web"));
        var granted = client.ask(Impostor.RIGHT_AUDIENCE, ID.formatted("client"));

        assertThat(refused.getCode()).as(refused.toString()).isEqualTo(PERMISSION_DENIED);
        assertThat(refused.getDescription())
                .contains("somebody else's identity", ID.formatted("web"), ID.formatted("client"));
        assertThat(granted.isOk()).as(granted.toString()).isTrue();
    }

    @Test
    void a_token_of_another_audience_is_refused_with_both_audiences() {
        var refused = new Impostor(mesh, "client").ask("elsewhere.example", ID.formatted("client"));

        assertThat(refused.getCode()).as(refused.toString()).isEqualTo(UNAUTHENTICATED);
        assertThat(refused.getDescription()).contains("elsewhere.example", Impostor.RIGHT_AUDIENCE);
    }
}
