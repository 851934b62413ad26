package dev.weft.e2e.mesh;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.e2e.cluster.Cluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The CRDs of Gateway API, from its Go module: they are not part of Weft.
final class GatewayApi {
    private static final String MODULE = "sigs.k8s.io/gateway-api@v1.6.3";
    private static final List<String> KINDS = List.of("httproutes", "referencegrants");

    private GatewayApi() {}

    static List<String> crds() {
        return KINDS.stream().map(GatewayApi::crd).toList();
    }

    private static String crd(String kind) {
        return kind + ".gateway.networking.k8s.io";
    }

    /// Those that the cluster has already are left as they are: they may be somebody's.
    static void install(Cluster cluster) {
        var missing =
                KINDS.stream()
                        .filter(kind ->
                                cluster.client()
                                                .apiextensions()
                                                .v1()
                                                .customResourceDefinitions()
                                                .withName(crd(kind))
                                                .get()
                                        == null)
                        .toList();
        if (missing.isEmpty()) {
            return;
        }
        Path crds = module().resolve("config/crd/standard");
        for (String kind : missing) {
            cluster.kubectl(
                            "apply",
                            "--server-side",
                            "-f",
                            crds.resolve("gateway.networking.k8s.io_" + kind + ".yaml").toString())
                    .orThrow();
        }
        for (String kind : missing) {
            cluster.kubectl(
                            "wait",
                            "--for=condition=Established",
                            "--timeout=30s",
                            "crd/" + crd(kind))
                    .orThrow();
        }
    }

    private static Path module() {
        try {
            var download =
                    new ProcessBuilder("go", "mod", "download", "-json", MODULE)
                            .directory(new java.io.File(System.getProperty("java.io.tmpdir")))
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            byte[] answer = download.getInputStream().readAllBytes();
            download.waitFor();
            var folder = new ObjectMapper().readTree(answer).path("Dir").asText();
            if (folder.isEmpty()) {
                throw new IllegalStateException(
                        "go could not fetch "
                                + MODULE
                                + ": "
                                + new String(answer, java.nio.charset.StandardCharsets.UTF_8));
            }
            return Path.of(folder);
        } catch (IOException noGo) {
            throw new IllegalStateException(
                    "the CRDs of Gateway API come from the Go module "
                            + MODULE
                            + ": install Go, or the CRDs, first",
                    noGo);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ending);
        }
    }
}
