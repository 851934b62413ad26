package dev.weft.e2e.app;

import java.util.Arrays;

/// The image's one entry point; the first argument chooses what it is.
public final class TestApp {
    private TestApp() {}

    public static void main(String[] args) throws Exception {
        String role = args.length == 0 ? "server" : args[0];
        String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
        switch (role) {
            case "server" -> AppServer.run(AppSettings.of(System.getenv()));
            case "loadgen" ->
                    LoadGenerators.run(
                            AppSettings.of(System.getenv()), LoadSettings.of(System.getenv()));
            case "recorder" -> Recorder.run(rest.length == 0 ? 8080 : Integer.parseInt(rest[0]));
            case "appcheck" -> System.exit(AppCheck.run(rest));
            default -> {
                System.err.println(
                        "unknown role " + role + ": use server, loadgen, recorder or appcheck");
                System.exit(2);
            }
        }
    }
}
