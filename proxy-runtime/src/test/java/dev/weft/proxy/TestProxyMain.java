package dev.weft.proxy;

import dev.weft.proxy.admin.Ports;
import dev.weft.proxy.bootstrap.Build;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.testing.TestMesh;
import java.nio.file.Path;

/// The proxy as a process of its own, with its files below a folder and its ports wherever there is
/// room; `ports` in the state folder says where.
public final class TestProxyMain {
    private TestProxyMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        var paths = Paths.under(Path.of(arguments[0]));
        var proxy = new Proxy(Build.current(), paths, Ports.ANY);
        var ports = proxy.ports();
        TestMesh.write(
                paths.state().resolve("ports"),
                ports.admin() + " " + ports.metrics() + " " + ports.health());
        Proxy.run(proxy);
    }
}
