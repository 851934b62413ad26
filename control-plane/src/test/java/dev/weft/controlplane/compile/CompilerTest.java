package dev.weft.controlplane.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CompilerTest {
    private final Cluster cluster =
            new Cluster().service("web").service("api").pod("web", "web-1").pod("api", "api-1");

    @Test
    void the_same_cluster_compiles_to_the_same_versions_on_every_replica() {
        Compilation one = cluster.compile();
        Compilation other =
                new Cluster()
                        .service("web")
                        .service("api")
                        .pod("web", "web-1")
                        .pod("api", "api-1")
                        .compile();

        for (ResourceType type : ResourceType.values()) {
            one.shared(type)
                    .forEach((name, resource) ->
                            assertThat(resource.version())
                                    .isEqualTo(get(other, type, name).version()));
        }
    }

    @Test
    void what_does_not_depend_on_a_change_is_taken_over_as_it_is() {
        Compilation before = cluster.compile();
        Compilation after = cluster.pod("web", "web-2").compile();

        String name = Cluster.name("web");
        assertThat(after.changes(ResourceType.ENDPOINTS)).containsExactly(name);
        assertThat(after.changes(ResourceType.CLUSTER)).isEmpty();
        assertThat(after.changes(ResourceType.LISTENER)).containsExactly("10.244.0.3_8080");
        assertThat(get(after, ResourceType.CLUSTER, name))
                .isSameAs(get(before, ResourceType.CLUSTER, name));
    }

    @Test
    void a_change_that_makes_a_route_unusable_leaves_the_rules_before_in_force()
            throws InvalidProtocolBufferException {
        cluster.route("web", "[{backendRefs: [{name: api, port: 80}]}]").compile();

        Compilation after =
                cluster.route(
                                "web",
                                "[{matches: [{path: {type: RegularExpression, value: '('}}],"
                                        + " backendRefs: [{name: api, port: 80}]}]")
                        .compile();

        assertThat(target(after)).isEqualTo(Cluster.name("api"));
        Finding accepted = after.routeVerdicts().getFirst().parents().getFirst().accepted();
        assertThat(accepted.holds()).isFalse();
        assertThat(accepted.message()).endsWith("Until then generation 1 stays in force.");
    }

    @Test
    void an_unusable_route_without_any_rules_before_leaves_the_service_alone()
            throws InvalidProtocolBufferException {
        Compilation after =
                cluster.route("web", "[{backendRefs: [{name: api, port: 80, weight: -1}]}]")
                        .compile();

        assertThat(target(after)).isEqualTo(Cluster.name("web"));
    }

    @Test
    void service_time_is_served_to_proxies_that_list_it_alone() {
        Compilation compilation = cluster.compile();

        XdsResource plain = inbound(compilation, Set.of());
        XdsResource timed = inbound(compilation, Set.of(Feature.UPSTREAM_SERVICE_TIME));

        assertThat(timed.version()).isNotEqualTo(plain.version());
        assertThat(inbound(compilation, Set.of())).isSameAs(plain);
    }

    @Test
    void paths_are_brought_into_one_form_by_proxies_that_can()
            throws InvalidProtocolBufferException {
        Compilation compilation = cluster.compile();

        HttpConnectionManager able =
                manager(inbound(compilation, Set.of(Feature.PATH_NORMALIZATION)));

        assertThat(able.getNormalizePath().getValue()).isTrue();
        assertThat(able.getMergeSlashes()).isTrue();
        assertThat(able.getPathWithEscapedSlashesAction())
                .isEqualTo(PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT);
        assertThat(manager(inbound(compilation, Set.of())).hasNormalizePath()).isFalse();
    }

    @Test
    void others_namespaces_do_not_say_that_a_declared_port_is_none()
            throws InvalidProtocolBufferException {
        XdsResource alone = inbound(cluster.compile(), Set.of());

        XdsResource contradicted = inbound(cluster.intruder("tcp").compile(), Set.of());

        assertThat(contradicted.version()).isEqualTo(alone.version());
        assertThat(declaredHttp(alone)).containsOnly(8080);
    }

    @Test
    void a_port_of_which_services_of_its_namespace_say_different_things_is_not_declared()
            throws InvalidProtocolBufferException {
        Compilation compilation = cluster.alias("tcp").compile();

        assertThat(declaredHttp(inbound(compilation, Set.of()))).isEmpty();
    }

    private static List<Integer> declaredHttp(XdsResource listener)
            throws InvalidProtocolBufferException {
        return ((Listener) Rendered.unpack(listener))
                .getFilterChainsList().stream()
                        .filter(chain -> chain.getFilterChainMatch().hasDestinationPort())
                        .map(chain -> chain.getFilterChainMatch().getDestinationPort().getValue())
                        .toList();
    }

    private static HttpConnectionManager manager(XdsResource listener)
            throws InvalidProtocolBufferException {
        return ((Listener) Rendered.unpack(listener))
                .getFilterChains(0)
                .getFilters(0)
                .getTypedConfig()
                .unpack(HttpConnectionManager.class);
    }

    private static String target(Compilation compilation) throws InvalidProtocolBufferException {
        RouteConfiguration routes =
                (RouteConfiguration)
                        Rendered.unpack(get(compilation, ResourceType.ROUTES, Cluster.name("web")));
        return routes.getVirtualHosts(0).getRoutes(0).getRoute().getCluster();
    }

    private static XdsResource inbound(Compilation compilation, Set<Feature> features) {
        return Objects.requireNonNull(
                compilation
                        .view("shop", "uid-web-1", features)
                        .get(ResourceType.LISTENER, "virtualInbound"));
    }

    private static XdsResource get(Compilation compilation, ResourceType type, String name) {
        return Objects.requireNonNull(compilation.view("shop", "x", Set.of()).get(type, name));
    }
}
