package dev.weft.e2e.cluster;

import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import java.util.List;
import java.util.function.Function;

/// A part of the local Kubernetes that is built from Go modules. Its `go.mod` and `go.sum` pin all
/// that goes in.
///
/// @param files its sources, under `parts/<name>/`
/// @param flags for `go build`
record Part(String name, List<String> files, List<Binary> binaries, List<String> flags) {
    /// One program, and the Go package that it is built from.
    record Binary(String name, String goPackage) {}

    private static final List<String> SMALL = List.of("-ldflags", "-s -w");
    private static final String CONTAINERD = "github.com/containerd/containerd/v2/cmd/";

    static final Part KUBE =
            new Part(
                    "kube",
                    List.of("main.go", "go.mod", "go.sum"),
                    List.of(new Binary("kube", ".")),
                    List.of(
                            "-ldflags",
                            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3"));
    static final Part ETCD =
            new Part(
                    "etcd",
                    List.of("main.go", "go.mod", "go.sum"),
                    List.of(new Binary("etcd", ".")),
                    SMALL);
    static final Part CONTAINERD_AND_SHIM =
            new Part(
                    "containerd",
                    List.of("go.mod", "go.sum"),
                    List.of(
                            new Binary("containerd", CONTAINERD + "containerd"),
                            new Binary(
                                    "containerd-shim-runc-v2",
                                    CONTAINERD + "containerd-shim-runc-v2"),
                            new Binary("ctr", CONTAINERD + "ctr")),
                    List.of("-tags", "no_btrfs no_devmapper no_zfs", "-ldflags", "-s -w"));
    static final Part COREDNS =
            new Part(
                    "coredns",
                    List.of("main.go", "go.mod", "go.sum"),
                    List.of(new Binary("coredns", ".")),
                    SMALL);
    static final Part PAUSE =
            new Part(
                    "pause",
                    List.of("main.go", "go.mod"),
                    List.of(new Binary("pause", ".")),
                    SMALL);

    /// For trying clusters that pull from a registry; no part of the node.
    static final Part REGISTRY =
            new Part(
                    "registry",
                    List.of("main.go", "go.mod", "go.sum"),
                    List.of(new Binary("registry", ".")),
                    SMALL);

    static final List<Part> ALL = List.of(ETCD, CONTAINERD_AND_SHIM, COREDNS, PAUSE, KUBE);

    /// The names by which the binary `kube` is called.
    static final List<String> NAMES_OF_KUBE =
            List.of(
                    "kube-apiserver",
                    "kube-controller-manager",
                    "kube-scheduler",
                    "kube-proxy",
                    "kubelet",
                    "kubectl");

    /// What decides how it is built.
    ///
    /// @param recipes the content of a file below `src/main/cluster/`
    Fingerprint fingerprint(Function<String, byte[]> recipes) {
        var builder = Fingerprint.builder().add(toString()).add(System.getProperty("os.arch"));
        files.forEach(file -> builder.add(recipes.apply("parts/" + name + "/" + file)));
        return builder.build();
    }

    /// Whether nothing must be built, which needs Go and takes minutes.
    static boolean allBuilt(Cache cache, Function<String, byte[]> recipes) {
        return ALL.stream()
                .allMatch(part -> cache.has("part-" + part.name(), part.fingerprint(recipes)));
    }
}
