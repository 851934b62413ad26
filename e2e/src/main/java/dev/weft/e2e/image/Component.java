package dev.weft.e2e.image;

import java.util.List;

/// One of the images that are made, and how its container runs.
///
/// @param image its name
/// @param module the folder whose build it packs
/// @param user who runs it
/// @param entrypoint the command line
record Component(String image, String module, String user, List<String> entrypoint) {
    private static final String JAVA = "/opt/java/bin/java";
    private static final String OPTIONS = "@/opt/weft/jvm.options";
    private static final String NONROOT = "65532";

    /// The proxy's user is part of the injection contract.
    static final Component PROXY =
            new Component(
                    "weft-proxy",
                    "proxy-runtime",
                    "1337",
                    List.of(JAVA, OPTIONS, "-cp", "/app/build:/app/lib/*", "dev.weft.proxy.Proxy"));

    static final Component CONTROL_PLANE = quarkus("weft-control-plane", "control-plane");
    static final Component OPERATOR = quarkus("weft-operator", "operator");
    static final Component TESTAPP =
            new Component(
                    "weft-testapp",
                    "e2e",
                    NONROOT,
                    List.of(
                            JAVA,
                            "--enable-native-access=ALL-UNNAMED",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx128m",
                            "-cp",
                            "/app/lib/*",
                            "dev.weft.e2e.app.TestApp"));

    /// What makes up a version of the mesh.
    static final List<Component> MESH = List.of(PROXY, CONTROL_PLANE, OPERATOR);

    private static Component quarkus(String image, String module) {
        return new Component(
                image, module, NONROOT, List.of(JAVA, OPTIONS, "-jar", "/app/quarkus-run.jar"));
    }
}
