package dev.weft.e2e.image;

import java.util.ArrayList;
import java.util.List;

/// One of the images that are made, and how its container runs.
///
/// @param image its name
/// @param module the folder whose build it packs
/// @param user who runs it
/// @param program what its JVM runs
/// @param turn what starts the JVM when it is time for it; empty where that is at once
record Component(String image, String module, String user, Program program, List<String> turn) {
    /// What a JVM can be told to run.
    sealed interface Program {
        /// A class, with all jars of `/app/lib` on the class path. They are named one by one: a
        /// wildcard stands for another order on each file system, and an AOT cache is only for one.
        record Main(String name) implements Program {}

        /// A jar whose manifest names the others.
        record Jar(String path) implements Program {}
    }

    static final String JAVA = "/opt/java/bin/java";
    static final String LAUNCH_OPTIONS = "/opt/weft/launch.options";
    private static final String OPTIONS = "/opt/weft/jvm.options";
    private static final String NONROOT = "65532";

    /// The proxy's user is part of the injection contract.
    static final Component PROXY =
            new Component(
                    "weft-proxy",
                    "proxy-runtime",
                    "1337",
                    new Program.Main("dev.weft.proxy.Proxy"),
                    List.of("/opt/weft/bin/slot"));

    static final Component CONTROL_PLANE = quarkus("weft-control-plane", "control-plane");
    static final Component OPERATOR = quarkus("weft-operator", "operator");
    static final Component TESTAPP =
            new Component(
                    "weft-testapp",
                    "e2e",
                    NONROOT,
                    new Program.Main("dev.weft.e2e.app.TestApp"),
                    List.of());

    /// What makes up a version of the mesh.
    static final List<Component> MESH = List.of(PROXY, CONTROL_PLANE, OPERATOR);

    private static Component quarkus(String image, String module) {
        return new Component(
                image, module, NONROOT, new Program.Jar("/app/quarkus-run.jar"), List.of());
    }

    /// The image's command line: a program that may have to wait for its turn, or the JVM itself.
    List<String> entrypoint() {
        var command = new ArrayList<>(turn);
        command.addAll(command("@" + LAUNCH_OPTIONS));
        return command;
    }

    /// The same with the image's launch options spelled out, that leaves an AOT cache.
    List<String> recording(Content content, String output) {
        var options = new ArrayList<>(classPath(content));
        options.add("-XX:AOTCacheOutput=" + output);
        return command(options.toArray(String[]::new));
    }

    private List<String> command(String... launch) {
        var command = new ArrayList<>(List.of(JAVA, "@" + OPTIONS));
        command.addAll(List.of(launch));
        switch (program) {
            case Program.Main(var name) -> command.add(name);
            case Program.Jar(var path) -> command.addAll(List.of("-jar", path));
        }
        return command;
    }

    /// The content of the image's launch options: what is known only when it is packed.
    String launchOptions(Content content, boolean cached) {
        var lines = new ArrayList<String>();
        lines.add("# Written when the image was packed.");
        lines.addAll(classPath(content));
        if (cached) {
            lines.addAll(List.of("-XX:AOTMode=auto", "-XX:AOTCache=" + AotCaches.PATH));
            // Standard output is the access log's: the JVM warns of a cache on the other one.
            lines.addAll(List.of("-Xlog:disable", "-Xlog:all=warning:stderr"));
        }
        return String.join("\n", lines) + "\n";
    }

    private List<String> classPath(Content content) {
        return switch (program) {
            case Program.Main _ -> List.of("-cp", String.join(":", content.jars()));
            case Program.Jar _ -> List.of();
        };
    }
}
