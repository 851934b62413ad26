package dev.weft.proxy.bootstrap;

import java.nio.file.Path;

/// Where the injected pod's files are mounted (injection contract 1).
public record Paths(Path mesh, Path pod, Path token, Path state) {
    /// The paths of the contract.
    public static final Paths CONTRACT = under(Path.of("/"));

    /// The contract's paths below another root, for tests.
    public static Paths under(Path root) {
        return new Paths(
                root.resolve("etc/weft/mesh"),
                root.resolve("etc/weft/pod"),
                root.resolve("var/run/secrets/weft/token"),
                root.resolve("var/lib/weft"));
    }

    public Path roots() {
        return mesh.resolve("roots.pem");
    }

    public Path bootstrap(String revision) {
        return mesh.resolve("bootstrap-" + revision + ".json");
    }

    public Path annotations() {
        return pod.resolve("annotations");
    }

    public Path identity() {
        return state.resolve("identity.pem");
    }

    public Path lastGood() {
        return state.resolve("config");
    }

    /// Says which of the pod's proxies serves.
    public Path serving() {
        return state.resolve("serving");
    }

    /// Made by the preStop hook.
    public Path drain() {
        return state.resolve("drain");
    }

    /// Made by the proxy when its inbound side has been drained.
    public Path drained() {
        return state.resolve("drained");
    }
}
