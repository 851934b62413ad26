package dev.weft.proxy.testing;

import dev.weft.proxy.bootstrap.AdsVariant;
import dev.weft.proxy.bootstrap.Paths;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Collectors;

/// The files of an injected pod, below a folder.
public final class TestMesh {
    public final Paths paths;
    public final TestAuthority authority = new TestAuthority("mesh");

    public TestMesh(Path folder) {
        paths = Paths.under(folder);
        try {
            Files.createDirectories(paths.mesh());
            Files.createDirectories(paths.pod());
            Files.createDirectories(paths.state());
            Files.createDirectories(paths.token().getParent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        write(paths.pod().resolve("name"), "web-0");
        write(paths.pod().resolve("namespace"), "shop");
        write(paths.pod().resolve("uid"), "u-1");
        write(paths.token(), "token-1\n");
        write(paths.roots(), authority.rootPem());
    }

    /// Names the revision that the pod belongs to.
    public void revision(String revision) {
        annotations(Map.of("weft.dev/revision", revision));
    }

    public void annotations(Map<String, String> annotations) {
        write(
                paths.annotations(),
                annotations.entrySet().stream()
                        .map(a ->
                                a.getKey()
                                        + "=\""
                                        + a.getValue().replace("\\", "\\\\").replace("\"", "\\\"")
                                        + '"')
                        .collect(Collectors.joining("\n")));
    }

    /// Says where the control plane of a revision is.
    public void bootstrap(String revision, int port) {
        bootstrap(
                revision,
                port,
                AdsVariant.DELTA,
                """
                , "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
                     "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                     "sni": "%s"}}\
                """
                        .formatted(TestControlPlane.HOST));
    }

    /// The same for one that speaks no TLS.
    public void bootstrapInClear(String revision, int port) {
        bootstrapInClear(revision, port, AdsVariant.DELTA);
    }

    public void bootstrapInClear(String revision, int port, AdsVariant variant) {
        bootstrap(revision, port, variant, "");
    }

    private void bootstrap(String revision, int port, AdsVariant variant, String transportSocket) {
        write(
                paths.bootstrap(revision),
                """
                {"node": {"cluster": "shop"},
                 "dynamic_resources": {"ads_config": {"api_type": "%s", "transport_api_version": "V3",
                   "grpc_services": [{"envoy_grpc": {"cluster_name": "ads"}}]}},
                 "static_resources": {"clusters": [{"name": "ads", "type": "STRICT_DNS",
                   "load_assignment": {"cluster_name": "ads", "endpoints": [{"lb_endpoints": [{"endpoint": {"address":
                     {"socket_address": {"address": "127.0.0.1", "port_value": %d}}}}]}]}%s}]}}
                """
                        .formatted(
                                variant == AdsVariant.DELTA ? "DELTA_GRPC" : "GRPC",
                                port,
                                transportSocket));
    }

    /// Atomically, as a volume is.
    public static void write(Path file, String content) {
        try {
            Path fresh = file.resolveSibling(file.getFileName() + ".fresh");
            Files.writeString(fresh, content);
            Files.move(
                    fresh,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
