package dev.weft.benchmarks.compare;

import dev.weft.proxy.testing.TestAuthority;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Envoy with the configuration that is in `envoy/` among the resources.
final class Envoy implements Contestant {
    private static final Duration LIFETIME = Duration.ofHours(12);

    private final Path program;
    private final int core;
    private final Path work;

    Envoy(Path program, int core, Path work) {
        this.program = program;
        this.core = core;
        this.work = work;
    }

    @Override
    public String name() {
        return "envoy";
    }

    @Override
    public Chain start(Topology topology, App app) {
        var authority = new TestAuthority("mesh");
        var ports = Contestant.ports(app);
        var proxies = new ArrayList<ProxyProcess>();
        var admins = new ArrayList<Integer>();
        try {
            switch (topology) {
                case PLAIN -> admins.add(start("plain", CLIENT_ID, authority, ports, proxies));
                case SIDECARS -> {
                    admins.add(start("inbound", SERVER_ID, authority, ports, proxies));
                    admins.add(start("outbound", CLIENT_ID, authority, ports, proxies));
                }
            }
        } catch (RuntimeException e) {
            proxies.forEach(ProxyProcess::close);
            throw e;
        }
        return chain(proxies, ports, admins);
    }

    @Override
    public Chain startOne(App app) {
        var started = new ArrayList<ProxyProcess>();
        var ports = Contestant.ports(app);
        int admin = start("inbound", SERVER_ID, new TestAuthority("mesh"), ports, started);
        return chain(started, ports, List.of(admin));
    }

    private static Chain chain(
            List<ProxyProcess> started, Map<String, String> ports, List<Integer> admins) {
        return new Chain(
                List.copyOf(started.reversed()),
                Contestant.clientPorts(ports),
                admins,
                "/stats/prometheus",
                () -> {});
    }

    private int start(
            String side,
            String id,
            TestAuthority authority,
            Map<String, String> ports,
            List<ProxyProcess> started) {
        try {
            var folder = Files.createTempDirectory(work, "envoy-" + side + "-");
            var own = authority.workload(id, LIFETIME);
            var admin = Contestant.freePort();
            var values = new HashMap<>(ports);
            values.put("admin", Integer.toString(admin));
            values.put("client", CLIENT_ID);
            values.put("server", SERVER_ID);
            values.put("roots", write(folder.resolve("roots.pem"), authority.rootPem()));
            values.put(
                    "certificate",
                    write(folder.resolve("chain.pem"), TestAuthority.pem(own.certificate())));
            values.put("key", write(folder.resolve("key.pem"), TestAuthority.pem(own.key())));
            var configuration =
                    write(
                            folder.resolve("envoy.yaml"),
                            Template.load("/envoy/" + side + ".yaml", values));
            var proxy =
                    new ProxyProcess(
                            core,
                            folder,
                            List.of(
                                    program.toString(),
                                    "--config-path",
                                    configuration,
                                    "--concurrency",
                                    "1",
                                    "--disable-hot-restart",
                                    "--log-level",
                                    "warning"));
            started.add(proxy);
            proxy.awaitReady(() -> admin);
            return admin;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String write(Path file, String text) throws IOException {
        return Files.writeString(file, text).toString();
    }
}
