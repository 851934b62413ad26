package dev.weft.proxy;

import dev.weft.proxy.admin.Ports;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.bootstrap.Slot;
import dev.weft.proxy.testing.TestMesh;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The proxy as a process of its own, with its files below a folder and its ports wherever there is
/// room; `ports` in the state folder says where.
public final class TestProxyMain {
    private TestProxyMain() {}

    /// The command that starts it with the memory and the flags of the image, but for the paths
    /// that only the image has.
    ///
    /// @param flags besides the image's
    static List<String> command(Path folder, String... flags) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
        Files.readAllLines(Path.of("src/main/image/opt/weft/jvm.options")).stream()
                .filter(line -> line.startsWith("-") && !line.contains("/var/lib/weft"))
                .forEach(command::add);
        command.addAll(List.of(flags));
        command.addAll(
                List.of(
                        "-cp",
                        System.getProperty("java.class.path"),
                        TestProxyMain.class.getName(),
                        folder.toString()));
        return command;
    }

    public static void main(String[] arguments) {
        var paths = Paths.under(Path.of(arguments[0]));
        var proxy = new Proxy(Build.current(), paths, Ports.ANY, Slot.of(System.getenv()));
        var ports = proxy.ports();
        TestMesh.write(
                paths.state().resolve("ports"),
                ports.admin() + " " + ports.metrics() + " " + ports.health());
        Proxy.run(proxy);
    }
}
